"""Won: what people type, what they read, and tax that adds up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscoin import money
from kscoin.errors import InvalidAmount

amounts = st.integers(1, money.MAX_AMOUNT_WON)


@pytest.mark.parametrize(
    ("text", "won"),
    [
        ("1", 1),
        ("12300", 12_300),
        ("12,300", 12_300),
        ("₩12,300", 12_300),
        (" ₩ 12,300 ", 12_300),
        ("007", 7),
        ("1,000,000,000", 1_000_000_000),
        ("4294967295", 2**32 - 1),
    ],
)
def test_what_people_type(text: str, won: int) -> None:
    assert money.parse(text) == won


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "₩", "0", "000", "-1", "+1", "1.0", "1.5", "1e3", "12 300", "1,23", ",123"),
        *("1,,000", "12300원", "0x10", "١٢٣", "½", "₩₩1", "1\n2", "4294967296", "9" * 5_000),
        *("1" + ",000" * 1_500, "nan", "None"),
    ],
)
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(InvalidAmount):
        money.parse(text)


@pytest.mark.parametrize("won", [0, -1, 2**32, True, 1.0, "1", None])
def test_amounts_that_no_payment_carries(won: object) -> None:
    with pytest.raises(InvalidAmount):
        money.amount(won)


@given(amounts)
def test_what_is_shown_can_be_typed(won: int) -> None:
    assert money.parse(money.format_won(won)) == money.amount(won) == won


@given(st.text(max_size=12))
def test_no_text_does_worse_than_be_refused(text: str) -> None:
    try:
        won = money.parse(text)
    except InvalidAmount:
        return
    assert 1 <= won <= money.MAX_AMOUNT_WON


@pytest.mark.parametrize(
    ("won", "text"), [(0, "₩0"), (999, "₩999"), (12_300, "₩12,300"), (-12_300, "-₩12,300")]
)
def test_how_it_reads(won: int, text: str) -> None:
    assert money.format_won(won) == text


@pytest.mark.parametrize(
    ("total_won", "vat_won"), [(0, 0), (5, 0), (6, 1), (11, 1), (1_000, 91), (11_000, 1_000)]
)
def test_the_tax_in_a_price(total_won: int, vat_won: int) -> None:
    assert money.vat_split(total_won) == (total_won - vat_won, vat_won)


@given(amounts)
def test_tax_is_a_tenth_of_the_rest_to_the_nearest_won(total_won: int) -> None:
    supply_won, vat_won = money.vat_split(total_won)
    assert supply_won + vat_won == total_won
    assert abs(10 * total_won - 110 * vat_won) <= 55
