"""Whatever is carried in codes arrives whole, in any order, or is said not to have."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscoin.base45 import ALPHABET
from kscoin.errors import EncodingError, Malformed, NotKSCoin, TooLarge
from kscoin.frames import (
    FRAME_BYTES,
    MAX_FRAMES,
    MAX_TEXT,
    Collector,
    carried,
    from_text,
    to_frames,
)

DATA = bytes(range(256)) * 6


@given(st.binary(max_size=5 * FRAME_BYTES), st.randoms(use_true_random=False))
def test_frames_in_any_order_and_again_make_up_what_they_were_made_of(
    data: bytes, chance: Random
) -> None:
    texts = [*to_frames(data)] * 2
    chance.shuffle(texts)
    collector = Collector()
    for text in texts:
        collector.add(from_text(text))

    assert collector.missing == ()
    assert collector.data() == data


def test_every_text_fits_an_alphanumeric_code_of_a_size_that_scanners_read() -> None:
    texts = to_frames(DATA)

    assert len(texts) == -(-len(DATA) // FRAME_BYTES)
    # Version 16 at error correction M (ISO/IEC 18004 table 7).
    assert max(map(len, texts)) <= MAX_TEXT <= 656
    assert all(set(text) <= set(ALPHABET) for text in texts)


def test_what_is_missing_is_named() -> None:
    texts = to_frames(DATA)
    collector = Collector()
    collector.add(from_text(texts[2]))

    assert (collector.count, collector.missing) == (4, (0, 1, 3))
    with pytest.raises(Malformed):
        collector.data()
    with pytest.raises(Malformed, match="of 4 codes these are missing: 1, 2, 4"):
        carried(texts[2].encode())


def test_a_file_holds_bytes_or_texts_and_bad_lines_are_left_out() -> None:
    texts = to_frames(DATA)
    lines = [texts[3], "KS1F:NOISE", *texts, "", to_frames(b"another set")[0]]

    assert carried("\r\n".join(lines).encode()) == DATA
    assert carried(DATA) == DATA


def test_a_frame_of_another_set_is_refused() -> None:
    collector = Collector()
    collector.add(from_text(to_frames(DATA)[0]))

    with pytest.raises(Malformed):
        collector.add(from_text(to_frames(DATA + b"!")[0]))


def test_texts_of_others_and_too_long_ones_are_refused() -> None:
    with pytest.raises(NotKSCoin):
        from_text("KS1:whatever")
    with pytest.raises(TooLarge):
        from_text("KS1F:" + "0" * MAX_TEXT)
    with pytest.raises(TooLarge):
        to_frames(bytes(MAX_FRAMES * FRAME_BYTES + 1))


@given(st.data())
def test_a_text_that_was_misread_anywhere_is_refused(data: st.DataObject) -> None:
    text = to_frames(DATA)[data.draw(st.integers(0, 3))]
    at = data.draw(st.integers(5, len(text) - 1))
    other = data.draw(st.sampled_from(sorted(set(ALPHABET) - {text[at]})))

    with pytest.raises(EncodingError):
        from_text(text[:at] + other + text[at + 1 :])


@given(st.text(alphabet=ALPHABET, max_size=60) | st.text(max_size=20))
def test_any_text_is_a_frame_or_an_error_of_ours(text: str) -> None:
    with pytest.raises(EncodingError):
        from_text("KS1F:" + text)
