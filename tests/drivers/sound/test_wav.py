"""Sound as a file: what goes in comes out, as loud as it is wanted, and nonsense is refused."""

from __future__ import annotations

import io
import wave
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import SoundUnavailable
from drivers.sound.wav import PEAK, RATE_HZ, Samples, joined

SAMPLES = st.lists(st.integers(-32_768, 32_767), max_size=200).map(
    lambda values: Samples(array("h", values))
)


@given(SAMPLES)
def test_what_goes_in_comes_out(samples: Samples) -> None:
    assert Samples.from_wav(samples.to_wav()) == samples


@given(SAMPLES, st.integers(0, 100))
def test_no_volume_is_too_loud(samples: Samples, volume: int) -> None:
    assert max(map(abs, samples.at_volume(volume).data), default=0) <= PEAK


def test_half_the_volume_is_a_quarter_of_the_amplitude() -> None:
    quiet = Samples(array("h", [100, -200, 50]))
    assert list(quiet.at_volume(100).data) == [PEAK // 2, -PEAK, PEAK // 4]
    assert max(map(abs, quiet.at_volume(50).data)) == PEAK // 4
    assert set(quiet.at_volume(0).data) == {0}


def test_a_file_whose_length_was_not_known_is_read_to_its_end() -> None:
    # As espeak-ng writes into a pipe: a header that promises two gigabytes.
    samples = Samples(array("h", range(1_000)))
    file = bytearray(samples.to_wav())
    file[4:8] = file[40:44] = (0x7FFFF000).to_bytes(4, "little")
    assert Samples.from_wav(bytes(file)) == samples


@pytest.mark.parametrize("file", [b"", b"RIFF", b"no file at all", bytes(100)])
def test_what_is_no_file_is_refused(file: bytes) -> None:
    with pytest.raises(SoundUnavailable, match="no WAV file"):
        Samples.from_wav(file)


@given(st.binary(max_size=120), st.integers(0, 44))
def test_a_spoilt_file_is_read_or_refused(noise: bytes, at: int) -> None:
    file = Samples(array("h", [1, 2, 3])).to_wav()
    spoilt = file[:at] + noise + file[at + len(noise) :]
    try:
        Samples.from_wav(spoilt)
    except SoundUnavailable:
        return


def test_two_channels_are_refused() -> None:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((2, 2, RATE_HZ, 0, "NONE", ""))
        writer.writeframes(bytes(8))
    with pytest.raises(SoundUnavailable, match="another kind"):
        Samples.from_wav(file.getvalue())


def test_parts_stand_apart() -> None:
    one, other = Samples(array("h", [1, 1])), Samples(array("h", [2]))
    whole = joined([one, other], 3 / RATE_HZ)
    assert list(whole.data) == [1, 1, 0, 0, 0, 2]
    assert whole.length_s == 6 / RATE_HZ
    assert joined([], 1.0) == Samples(array("h"))


def test_parts_of_several_rates_are_refused() -> None:
    with pytest.raises(SoundUnavailable, match="several rates"):
        joined([Samples(array("h", [1])), Samples(array("h", [1]), 8_000)], 0.1)
