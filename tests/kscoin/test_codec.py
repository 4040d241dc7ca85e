"""What cannot be encoded: values that KSP/1's CBOR does not allow are refused, not written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from kscoin import codec
from kscoin.errors import Malformed, TooLarge


def _nested(depth: int, inner: Any, *, as_map: bool) -> Any:
    for _ in range(depth):
        inner = {0: inner} if as_map else [inner]
    return inner


@pytest.mark.parametrize(
    "value",
    [
        *(-1, 2**64, 1.0, float("nan"), 1j),
        *((1, 2), {1, 2}, bytearray(b"a"), memoryview(b"a"), "\ud800", ...),
        *({"a": 1}, {b"a": 1}, {True: 1}, {None: 1}, {-1: 1}, {2**64: 1}, {1.0: 1}),
        *([0.5], {1: -1}, {1: [(2,)]}, datetime(2026, 3, 2, tzinfo=UTC)),
    ],
)
def test_a_value_that_is_not_allowed(value: Any) -> None:
    with pytest.raises(Malformed):
        codec.encode(value)


@pytest.mark.parametrize("as_map", [False, True])
def test_eight_levels_either_way(as_map: bool) -> None:
    deepest = _nested(codec.MAX_DEPTH, 7, as_map=as_map)
    assert codec.decode(codec.encode(deepest)) == deepest
    with pytest.raises(Malformed):
        codec.encode(_nested(codec.MAX_DEPTH + 1, 7, as_map=as_map))


def test_maps_come_out_in_order_whatever_order_they_were_made_in() -> None:
    assert codec.encode({300: 1, 2: 2, 24: 3}) == codec.encode({2: 2, 24: 3, 300: 1})
    assert codec.encode({300: 1, 2: 2, 24: 3}).hex() == "a3020218180319012c01"


def test_the_cap_is_the_callers() -> None:
    data = codec.encode(bytes(100))
    assert codec.decode(data, len(data)) == bytes(100)
    with pytest.raises(TooLarge):
        codec.decode(data, len(data) - 1)
