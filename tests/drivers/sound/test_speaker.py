"""The speaker: the newest sound only, never waiting, and silence where there is no player."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from array import array
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Event
from typing import Final

import pytest

from drivers.errors import SoundUnavailable
from drivers.sound.player import Playing, cards
from drivers.sound.speaker import Speaker, Utterance
from drivers.sound.speech import Voice
from drivers.sound.tones import AGAIN, NO, YES, sounded
from drivers.sound.wav import Samples
from drivers.supervisor import DeviceHealth, Supervisor
from tests.stacks.processes import children_of
from tests.stacks.waiting import wait_until

PROGRAM: Final = Path(__file__).with_name("playing_program.py")
WAIT_S: Final = 20.0
PAID: Final = Utterance(YES, "만 이천삼백 원, 결제되었습니다.", "ko")


class Spoken(Voice):
    """A voice that says a sentence in as many samples as it has letters."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[str, str]] = []

    def spoken(self, sentence: str, language: str) -> Samples:
        self.said.append((sentence, language))
        return Samples(array("h", range(1, len(sentence) + 1)))


class Room:
    """A speaker that runs, and what was played on it: the length of each file."""

    def __init__(self, how: str, told: Path, voice: Voice | None, volume: int = 80) -> None:
        self._told = told
        program = (sys.executable, str(PROGRAM), how, str(told))
        self.speaker = Speaker(volume, voice, partial(Playing, program=program))
        self.health: list[DeviceHealth] = []
        self.supervisor = Supervisor(self.speaker, self.health.append)

    @property
    def played(self) -> list[int]:
        return [int(each) for each in self._told.read_text().split()]

    def until_played(self, *lengths: int) -> None:
        wait_until(lambda: self.played[-len(lengths) :] == [*lengths], WAIT_S, f"{lengths} played")

    def until_over(self) -> None:
        """Return when no player runs: what it came to is seen before whatever is asked for next."""
        told = str(self._told).encode()
        wait_until(lambda: not any(map(told.__eq__, _last_words())), WAIT_S, "the player's end")


def _last_words() -> Iterator[bytes]:
    """The last word of the command line of each process of ours."""
    for pid in children_of(os.getpid()):
        with suppress(OSError):
            yield Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").rpartition(b"\0")[2]


Open = Callable[..., Room]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Open]:
    """Let a speaker run whose player behaves in one way."""
    running: list[Room] = []

    def begin(how: str = "well", voice: Voice | None = None, volume: int = 80) -> Room:
        told = tmp_path / f"told-{len(running)}"
        told.touch()
        running.append(Room(how, told, voice, volume))
        running[-1].supervisor.start()
        return running[-1]

    yield begin
    for each in running:
        each.supervisor.stop(WAIT_S)


def length(tune: tuple[object, ...]) -> int:
    """How long the file of a tune is."""
    known = {YES: YES, NO: NO, AGAIN: AGAIN}
    return len(sounded(known[tune]).to_wav())  # type: ignore[index]


def test_a_tone_and_then_the_sentence(room: Open) -> None:
    voice = Spoken()
    here = room(voice=voice)
    here.speaker.play(PAID)
    assert PAID.sentence is not None
    here.until_played(length(YES), 44 + 2 * len(PAID.sentence))
    assert voice.said == [(PAID.sentence, "ko")]


def test_without_a_voice_only_the_tone(room: Open) -> None:
    here = room()
    here.speaker.play(PAID)
    here.speaker.play(Utterance(NO))
    here.until_played(length(NO))
    assert set(here.played) <= {length(YES), length(NO)}


def test_the_newest_cuts_off_what_is_played(room: Open) -> None:
    here = room("hangs", Spoken())
    for tune in (YES, NO, AGAIN):
        here.speaker.play(Utterance(tune, "never said", "en"))
        here.until_played(length(tune))
    assert len(here.played) == 3


def test_playing_never_waits(room: Open) -> None:
    here = room("hangs")
    here.speaker.play(Utterance(YES))
    here.until_played(length(YES))
    for _ in range(10_000):
        here.speaker.play(Utterance(NO))
    here.speaker.play(Utterance(AGAIN))
    here.until_played(length(AGAIN))
    assert len(here.played) < 100


def test_what_was_asked_for_before_it_was_open_is_played(tmp_path: Path) -> None:
    (tmp_path / "told").touch()
    here = Room("well", tmp_path / "told", None)
    here.speaker.play(Utterance(NO))
    here.supervisor.start()
    here.until_played(length(NO))
    here.supervisor.stop(WAIT_S)


def test_no_card_is_logged_once_and_the_speaker_is_well(
    room: Open, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    here = room("no card", Spoken())
    for tune in (YES, NO, AGAIN):
        here.speaker.play(Utterance(tune, "not said", "en"))
        here.until_played(length(tune))
        here.until_over()
    wait_until(lambda: bool(caplog.records), WAIT_S, "the log tells of it")
    here.supervisor.stop(WAIT_S)
    assert [each.message for each in caplog.records] == [
        "speaker: aplay: main:831: audio open error: No such file or directory"
    ]
    assert [each.error for each in here.health] == [None]


def test_a_sound_that_was_cut_off_is_no_proof_of_a_card(
    room: Open, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "drivers.sound")
    here = room("hangs")
    here.speaker.play(Utterance(YES))
    here.until_played(length(YES))
    here.speaker.play(Utterance(NO))
    here.until_played(length(NO))
    here.supervisor.stop(WAIT_S)
    # The supervisor has words of its own, which are heard where an earlier test has let them.
    assert [each for each in caplog.records if each.name == "drivers.sound.speaker"] == []


def test_no_player_is_silence(caplog: pytest.LogCaptureFixture) -> None:
    speaker = Speaker(100, None, partial(Playing, program=("/no/such/aplay",)))
    speaker.open()
    with pytest.raises(SoundUnavailable, match="is not installed"):
        speaker.utter(Utterance(YES), Event())
    speaker.close()
    assert caplog.records == []


def test_a_card_that_takes_nothing_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.sound.speaker._GRACE_S", 0.0)
    (tmp_path / "told").touch()
    here = Room("hangs", tmp_path / "told", None)
    here.speaker.open()
    with pytest.raises(SoundUnavailable, match="does not take the sound"):
        here.speaker.utter(Utterance(AGAIN), Event())
    here.speaker.close()


def test_volume_0_starts_nothing(room: Open) -> None:
    here = room(voice=Spoken(), volume=0)
    here.speaker.play(PAID)
    here.supervisor.stop(WAIT_S)
    assert here.played == []


def test_the_end_cuts_a_sound_off(room: Open) -> None:
    here = room("hangs")
    here.speaker.play(Utterance(YES))
    here.until_played(length(YES))
    here.supervisor.stop(WAIT_S)
    assert not here.supervisor._thread.is_alive()


def test_the_cards_are_those_that_alsa_lists(tmp_path: Path) -> None:
    listed = tmp_path / "cards"
    listed.write_text(
        " 0 [vc4hdmi0       ]: vc4-hdmi - vc4-hdmi-0\n"
        "                      vc4-hdmi-0\n"
        " 1 [Device         ]: USB-Audio - USB Audio Device\n"
        "                      GeneralPlus USB Audio Device at usb-1.3, full speed\n"
    )
    assert cards(listed) == ("vc4-hdmi - vc4-hdmi-0", "USB-Audio - USB Audio Device")
    listed.write_text("--- no soundcards ---\n")
    assert cards(listed) == ()
    assert cards(tmp_path / "no such file") == ()


@pytest.mark.skipif(shutil.which("aplay") is None, reason="alsa-utils is not installed")
def test_the_real_player_plays_every_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # ALSA's own "card" that writes what it is given to a file.
    out, asound = tmp_path / "out.raw", tmp_path / "asound.conf"
    asound.write_text(
        "pcm.nowhere { type null }\n"
        f'pcm.!default {{ type file slave.pcm nowhere file "{out}" format "raw" }}\n'
    )
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(asound))
    speaker = Speaker(100, None)
    speaker.open()
    speaker.utter(Utterance(YES), Event())
    speaker.close()
    wanted = sounded(YES).at_volume(100).data.tobytes()
    # A sound card is given whole periods: the last one is filled up with silence.
    assert out.read_bytes().rstrip(b"\0") == wanted.rstrip(b"\0")


@pytest.mark.skipif(shutil.which("aplay") is None, reason="alsa-utils is not installed")
def test_the_real_player_without_a_card_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "asound.conf").write_text("")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "asound.conf"))
    speaker = Speaker(100, None)
    speaker.open()
    with pytest.raises(SoundUnavailable, match="audio open error"):
        speaker.utter(Utterance(YES), Event())
    speaker.close()
