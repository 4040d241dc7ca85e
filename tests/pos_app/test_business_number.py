"""A business number is one only if its check digit says so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_app.business_number import business_number

# Two large companies print them on everything.
REAL = ("124-81-00998", "220-81-62517")


@pytest.mark.parametrize("number", REAL)
def test_real_ones_are_taken_however_they_are_written(number: str) -> None:
    for text in (number, number.replace("-", ""), f" {number} "):
        assert business_number(text) == number


@pytest.mark.parametrize("number", REAL)
@pytest.mark.parametrize("at", range(10))
@pytest.mark.parametrize("by", range(1, 10))
def test_a_digit_that_is_typed_wrong_is_found(number: str, at: int, by: int) -> None:
    digits = number.replace("-", "")
    wrong = f"{digits[:at]}{(int(digits[at]) + by) % 10}{digits[at + 1 :]}"
    assert business_number(wrong) is None


@pytest.mark.parametrize(
    "text", ["", "1", "220-81-625170", "220 81 62517", "\uff12\uff12\uff10-81-62517", "abc"]
)
def test_what_is_none(text: str) -> None:
    assert business_number(text) is None


@given(st.from_regex(r"[0-9]{9}", fullmatch=True))
def test_each_nine_digits_have_one_last(nine: str) -> None:
    taken = [last for last in range(10) if business_number(f"{nine}{last}") is not None]
    assert len(taken) == 1
