"""Double entry: nothing is booked that does not sum to zero."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscoin.errors import InvalidAmount
from ledger.book import Posting, Transfer, TransferKind, balance_changes, move

ids = st.binary(min_size=8, max_size=8)
amounts = st.integers(min_value=1, max_value=2**40)


def transfer(*postings: Posting) -> Transfer:
    return Transfer(1, TransferKind.SETTLE, None, 0, postings)


@given(st.dictionaries(ids, amounts, min_size=1, max_size=3), ids)
def test_a_move_takes_as_much_as_it_gives(sources: dict[bytes, int], to_id: bytes) -> None:
    sources.pop(to_id, None)
    if sources:
        made = transfer(*move(sources, to_id))
        assert made.postings[-1] == Posting(to_id, sum(sources.values()))


def test_a_move_leaves_out_who_gives_nothing() -> None:
    assert move({b"purse": 7, b"fund": 0}, b"till") == (Posting(b"purse", -7), Posting(b"till", 7))


@pytest.mark.parametrize(
    "postings",
    [
        (),
        (Posting(b"a", 5),),
        (Posting(b"a", 5), Posting(b"b", -4)),
        (Posting(b"a", 5), Posting(b"a", -5)),
        (Posting(b"a", 0), Posting(b"b", 0)),
    ],
    ids=["none", "one-sided", "unequal", "one account twice", "nothing"],
)
def test_what_does_not_balance_is_no_transfer(postings: tuple[Posting, ...]) -> None:
    with pytest.raises(InvalidAmount):
        transfer(*postings)


def test_balances_change_once_an_account_in_the_order_of_their_ids() -> None:
    made = [transfer(*move({b"b": 3}, b"a")), transfer(*move({b"c": 4}, b"a"))]
    assert list(balance_changes(made).items()) == [(b"a", 7), (b"b", -3), (b"c", -4)]
