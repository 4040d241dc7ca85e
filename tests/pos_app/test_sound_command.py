"""ks-pos sounds: the tones on a speaker or in a file, and what there is to hear them with."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from drivers.errors import SoundUnavailable
from drivers.sound.look import SoundLook, look
from drivers.sound.tones import NO, sounded
from drivers.sound.wav import Samples
from pos_app import sound_command
from pos_app.__main__ import commands

NOTHING = SoundLook(False, (), frozenset())


def sounds(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["sounds", *arguments])


def test_a_tone_in_a_file(tmp_path: Path) -> None:
    done = sounds("--test", "no", "--wav", str(tmp_path / "no.wav"))
    assert (done.exit_code, done.output) == (0, f"{tmp_path / 'no.wav'}: 0.9 s\n")
    assert Samples.from_wav((tmp_path / "no.wav").read_bytes()) == sounded(NO).at_volume(100)


def test_all_of_them_in_a_file(tmp_path: Path) -> None:
    assert sounds("--test", "all", "--wav", str(tmp_path / "all.wav")).exit_code == 0
    whole = Samples.from_wav((tmp_path / "all.wav").read_bytes())
    assert 2.5 < whole.length_s < 4


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_a_tone_and_its_sentence_in_a_file(tmp_path: Path) -> None:
    bare, said = tmp_path / "bare.wav", tmp_path / "said.wav"
    arguments = ("--test", "yes", "--language", "en", "--amount", "99999999")
    assert sounds(*arguments, "--wav", str(bare)).exit_code == 0
    assert sounds(*arguments, "--say", "--wav", str(said)).exit_code == 0
    lengths = [Samples.from_wav(path.read_bytes()).length_s for path in (bare, said)]
    assert lengths[1] > lengths[0] + 3


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    done = sounds("--test", "yes", "--wav", str(tmp_path / "nowhere" / "yes.wav"))
    assert done.exit_code == 1
    assert "No such file or directory" in done.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("--wav", "a.wav"),
        ("--test", "maybe"),
        ("--test", "yes", "--volume", "101"),
        ("--test", "yes", "--amount", "0"),
        ("--test", "yes", "--language", "fr"),
    ],
)
def test_a_command_that_was_wrong(arguments: tuple[str, ...]) -> None:
    assert sounds(*arguments).exit_code == 2


def test_without_a_player_it_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    done = sounds("--test", "yes")
    assert isinstance(done.exception, SoundUnavailable)
    assert "aplay is not installed" in str(done.exception)


def test_what_there_is_to_hear_it_with(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = SoundLook(True, ("USB Audio",), frozenset({"ko", "en", "de"}))
    monkeypatch.setattr(sound_command, "look", lambda: whole)
    assert sounds().output == "player  aplay\ncards   USB Audio\nvoice   ko, en\n"
    monkeypatch.setattr(sound_command, "look", lambda: NOTHING)
    assert "none (apt install alsa-utils)" in sounds().output
    assert "none (apt install espeak-ng)" in sounds().output


def test_a_machine_without_any_of_it_can_be_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert (look().has_player, look().languages) == (False, frozenset())


def test_a_till_without_a_voice_loads_no_library_for_it() -> None:
    code = "import sys, pos_app.sound_desk; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"kivy", "numpy", "pygame"} & {n.partition(".")[0] for n in done.stdout.split()}
