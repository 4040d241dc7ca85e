"""What espeak-ng makes of the till's sentences, the real one; and a voice that is not there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from drivers.errors import SoundUnavailable
from drivers.sound.speech import Voice
from drivers.sound.wav import RATE_HZ
from pos_app.till.amount_words import in_words
from pos_app.till.words import Language

REAL = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


@REAL
@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("ko", "만 이천삼백 원, 결제되었습니다."),
        ("en", "twelve thousand three hundred won paid. Thank you."),
    ],
)
def test_a_sentence_is_spoken(language: str, sentence: str) -> None:
    samples = Voice().spoken(sentence, language)
    assert samples.rate_hz == RATE_HZ
    assert 1.5 < samples.length_s < 7
    assert max(map(abs, samples.data)) > 3_000


@REAL
def test_the_longest_amount_is_said_in_less_than_ten_seconds() -> None:
    for language in Language:
        words = in_words(77_777_777, language)
        assert Voice().spoken(words, language.value).length_s < 10


@REAL
def test_both_languages_of_the_till_are_spoken() -> None:
    assert {each.value for each in Language} <= Voice().languages()


def phonemes(sentence: str) -> str:
    """How espeak-ng would say it, in its own letters."""
    done = subprocess.run(
        ["espeak-ng", "-v", "ko", "-q", "-x", sentence], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@REAL
def test_words_run_together_where_digits_stand_apart() -> None:
    # A pause (_!) after every group of digits; in words, 백 before 원 keeps its voice as in speech.
    assert "_!" in phonemes("12300원")
    assert "_!" not in phonemes(f"{in_words(12_300, Language.KOREAN)} 원")


@REAL
def test_a_sentence_is_no_option() -> None:
    assert Voice().spoken("--version", "en").length_s > 0.3


@REAL
def test_a_language_that_it_does_not_speak() -> None:
    with pytest.raises(SoundUnavailable):
        Voice().spoken("hello", "xx-none")


def test_no_voice_is_installed() -> None:
    voice = Voice(("/no/such/espeak-ng",))
    with pytest.raises(SoundUnavailable, match="is not installed"):
        voice.spoken("만 원", "ko")
    with pytest.raises(SoundUnavailable, match="is not installed"):
        voice.languages()


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; sys.exit('no such voice')", "no such voice"),
        ("pass", "it says nothing"),
        ("print('no file')", "no WAV file"),
    ],
)
def test_a_voice_that_goes_wrong(tmp_path: Path, program: str, said: str) -> None:
    script = tmp_path / "voice.py"
    script.write_text(program)
    with pytest.raises(SoundUnavailable, match=said):
        Voice((sys.executable, str(script))).spoken("만 원", "ko")


def test_a_voice_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.sound.speech._TIMEOUT_S", 0.3)
    script = tmp_path / "voice.py"
    script.write_text("import threading; threading.Event().wait()")
    with pytest.raises(SoundUnavailable, match="does not end"):
        Voice((sys.executable, str(script))).spoken("만 원", "ko")


def test_a_voice_that_may_not_be_started(tmp_path: Path) -> None:
    with pytest.raises(SoundUnavailable, match="cannot be started"):
        Voice((str(tmp_path),)).languages()
