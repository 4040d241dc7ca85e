"""The tones as they are heard: pitch, length, rhythm, and where their energy lies."""

from __future__ import annotations

from itertools import pairwise
from math import cos, pi
from typing import Final

import pytest

from drivers.sound.tones import AGAIN, NO, YES, Note, Tune, sounded
from drivers.sound.wav import PEAK, RATE_HZ, Samples

TUNES: Final = {"yes": YES, "no": NO, "again": AGAIN}
# What a small speaker gives and a shop's noise leaves.
BAND_HZ: Final = (1_000, 3_000)
STEP_HZ: Final = 25
# A sixtieth of the loudest: what a shop does not let through.
SILENT: Final = PEAK // 60
GAP_S: Final = 0.03

EACH = pytest.mark.parametrize("tune", TUNES.values(), ids=TUNES)


def power_at(samples: Samples, frequency_hz: float) -> float:
    """The energy at one frequency: one bin of a Fourier transform, by Goertzel's recurrence."""
    factor = 2 * cos(2 * pi * frequency_hz / samples.rate_hz)
    last, before = 0.0, 0.0
    for each in samples.data:
        last, before = each + factor * last - before, last
    return last**2 + before**2 - factor * last * before


def part(samples: Samples, start_s: float, end_s: float) -> Samples:
    start, end = round(start_s * samples.rate_hz), round(end_s * samples.rate_hz)
    return Samples(samples.data[start:end], samples.rate_hz)


def bursts(samples: Samples) -> list[tuple[float, float]]:
    """When something is heard, from and to, in seconds; shorter gaps are not heard as such."""
    loud = [at / samples.rate_hz for at, each in enumerate(samples.data) if abs(each) > SILENT]
    found = [[loud[0], loud[0]]]
    for at_s in loud:
        if at_s - found[-1][1] > GAP_S:
            found.append([at_s, at_s])
        found[-1][1] = at_s
    return [(start, end) for start, end in found]


def pitch_of(samples: Samples) -> float:
    """The strongest frequency, to 5 Hz."""
    rough = max(range(200, 4_000, STEP_HZ), key=lambda each: power_at(samples, each))
    return max(range(rough - STEP_HZ, rough + STEP_HZ, 5), key=lambda each: power_at(samples, each))


@EACH
def test_most_of_it_is_where_a_shop_hears_it(tune: Tune) -> None:
    whole = part(sounded(tune), 0.0, 0.3)
    spectrum = {hz: power_at(whole, hz) for hz in range(100, 6_000, STEP_HZ)}
    low, high = BAND_HZ
    inside = sum(power for hz, power in spectrum.items() if low <= hz <= high)
    assert inside > 0.8 * sum(spectrum.values())


def test_yes_is_two_notes_that_rise_the_second_longer() -> None:
    samples = sounded(YES)
    [(start_s, end_s)] = bursts(samples)
    assert 0.4 < end_s - start_s < 0.5
    first, second = pitch_of(part(samples, 0.02, 0.11)), pitch_of(part(samples, 0.15, 0.4))
    assert first == pytest.approx(1_318.5, abs=10)
    assert second / first == pytest.approx(1.5, abs=0.02)


def test_no_is_two_long_buzzes_that_sound_low() -> None:
    samples = sounded(NO)
    found = bursts(samples)
    assert [round(end - start, 1) for start, end in found] == [0.4, 0.4]
    buzz = part(samples, 0.05, 0.35)
    harmonics = [power_at(buzz, 370.0 * number) for number in range(1, 8)]
    between = [power_at(buzz, 370.0 * (number + 0.5)) for number in range(1, 8)]
    assert min(harmonics) > 100 * max(between)
    # Low to the ear, which makes up the note below harmonics 3 to 7; little of it has to be given.
    assert harmonics[0] < 0.1 * max(harmonics)


def test_again_is_three_short_high_beeps() -> None:
    samples = sounded(AGAIN)
    found = bursts(samples)
    assert len(found) == 3
    assert all(0.05 < end - start < 0.09 for start, end in found)
    assert all(pitch_of(part(samples, *each)) == pytest.approx(2_637, abs=10) for each in found)


def test_they_are_told_apart_without_an_ear_for_pitch() -> None:
    rhythms = {name: len(bursts(sounded(tune))) for name, tune in TUNES.items()}
    assert rhythms == {"yes": 1, "no": 2, "again": 3}


def test_they_are_told_apart_without_an_ear_for_rhythm() -> None:
    yes, again = sounded(YES), sounded(AGAIN)
    clear = [pitch_of(part(yes, 0.02, 0.11)), pitch_of(part(yes, 0.2, 0.4))]
    clear.append(pitch_of(part(again, 0.0, 0.07)))
    assert clear == sorted(clear)
    assert min(higher - lower for lower, higher in pairwise(clear)) > 500
    assert [colours(part(sounded(tune), 0.0, 0.07)) for tune in (YES, AGAIN)] == [1, 1]
    assert colours(part(sounded(NO), 0.05, 0.12)) >= 4


def colours(samples: Samples) -> int:
    """How many frequencies are about as strong as the strongest: one of a flute, many of a saw."""
    powers = [power_at(samples, hz) for hz in range(300, 4_000, 10)]
    tall = [power for power in powers if power > max(powers) / 10]
    peaks = [
        here
        for before, here, after in zip(powers, powers[1:], powers[2:], strict=False)
        if here in tall and before < here >= after
    ]
    return len(peaks)


@EACH
def test_it_is_over_in_a_second_and_does_not_click(tune: Tune) -> None:
    samples = sounded(tune)
    assert samples.length_s < 1.0
    assert max(map(abs, samples.data)) <= PEAK
    assert abs(samples.data[0]) < SILENT
    assert abs(samples.data[-1]) < SILENT


def test_a_pause_is_silent() -> None:
    assert set(sounded((Note(0, 0.1),)).data) == {0}
    assert len(sounded((Note(0, 0.1),)).data) == RATE_HZ // 10
