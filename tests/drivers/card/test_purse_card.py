"""What a purse answers, as values, and as the error that each wrong answer is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card.apdu import Transmission
from drivers.card.purse_card import CardState, PurseCard, SignedDebit
from drivers.errors import (
    CardGarbled,
    CardMute,
    CardRefused,
    CardRemoved,
    CertificateRefused,
    CreditExceeded,
    DebitTorn,
    DeviceGone,
    DriverError,
    ForeignCard,
    NoPurseOnCard,
    NoSuchDebit,
    NotPersonalised,
    UnknownCardVersion,
)
from tests.drivers.purses import certificate, request_hash

OK = b"\x90\x00"
HASH = request_hash(1)
CERTIFICATE = certificate()
DEBIT = bytes(range(73))
SIGNATURE = bytes(range(64))


class Scripted:
    """A connection that gives one answer, or breaks."""

    reader_name = "reader"
    transmission = Transmission.T1

    def takes_extended(self) -> bool:
        return False

    def __init__(self, answer: bytes | Exception) -> None:
        self._answer = answer

    def transmit(self, apdu: bytes) -> bytes:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    def close(self) -> None:
        pass


def card(answer: bytes | Exception) -> PurseCard:
    return PurseCard(Scripted(answer))


Call = Callable[[PurseCard], object]
CALLS: dict[str, Call] = {
    "select": lambda purse: purse.select(),
    "get_state": lambda purse: purse.get_state(),
    "debit": lambda purse: purse.debit(1, HASH),
    "get_last": lambda purse: purse.get_last(),
    "confirm": lambda purse: purse.confirm(HASH),
    "load": lambda purse: purse.load(CERTIFICATE),
}
BUT_SELECT = [CALLS[name] for name in CALLS if name != "select"]
BUT_DEBIT = [CALLS[name] for name in CALLS if name != "debit"]


@pytest.mark.parametrize(
    ("head", "state"),
    [
        ("00 00000000 0000000000000000", CardState(b"purse--1", CERTIFICATE, 0, 0, None, False)),
        (
            f"01 00000007 0000000000009C40 {HASH.hex()}",
            CardState(b"purse--1", CERTIFICATE, 7, 40_000, HASH, False),
        ),
        (
            f"02 FFFFFFFF 00000000FFFFFFFF {HASH.hex()}",
            CardState(b"purse--1", CERTIFICATE, 2**32 - 1, 2**32 - 1, HASH, True),
        ),
    ],
)
def test_a_state(head: str, state: CardState) -> None:
    assert card(bytes.fromhex(head) + CERTIFICATE + OK).get_state() == state


@given(st.binary(max_size=260))
def test_a_state_of_any_bytes_is_a_state_or_garbled(data: bytes) -> None:
    with suppress(CardGarbled):
        assert isinstance(card(data + OK).get_state(), CardState)


@pytest.mark.parametrize("cut", range(45 + len(CERTIFICATE)))
def test_a_state_that_is_cut_short_is_garbled(cut: int) -> None:
    whole = bytes.fromhex("01 00000007 0000000000009C40") + HASH + CERTIFICATE
    with pytest.raises(CardGarbled):
        card(whole[:cut] + OK).get_state()


@pytest.mark.parametrize(
    "head",
    [
        "03 00000001 0000000000000001",
        "00 00000001 0000000000000000",
        "01 00000000 0000000000000001",
    ],
)
def test_a_state_that_contradicts_itself_is_garbled(head: str) -> None:
    with pytest.raises(CardGarbled):
        card(bytes.fromhex(head) + HASH + CERTIFICATE + OK).get_state()
    with pytest.raises(CardGarbled):
        card(bytes.fromhex(head) + CERTIFICATE + OK).get_state()


def test_a_debit() -> None:
    answer = DEBIT + SIGNATURE + OK
    assert card(answer).debit(1, HASH) == SignedDebit(DEBIT, SIGNATURE)
    assert card(answer).get_last() == SignedDebit(DEBIT, SIGNATURE)


def test_a_version_that_is_not_known() -> None:
    with pytest.raises(UnknownCardVersion):
        card(b"\x02" + OK).select()
    with pytest.raises(UnknownCardVersion):
        card(OK).select()


@pytest.mark.parametrize(
    ("status", "error"),
    [("6A82", NoPurseOnCard), ("6D00", ForeignCard), ("6E00", ForeignCard), ("6A81", ForeignCard)],
)
def test_a_card_that_is_not_ours(status: str, error: type[DriverError]) -> None:
    with pytest.raises(error) as raised:
        card(bytes.fromhex(status)).select()
    assert type(raised.value) is error


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("6982", NotPersonalised),
        ("6985", CreditExceeded),
        ("6A88", NoSuchDebit),
        ("6984", CertificateRefused),
        ("6A80", CardRefused),
        ("6700", CardRefused),
        ("6D00", CardRefused),
        ("6A82", CardRefused),
    ],
)
@pytest.mark.parametrize("call", BUT_SELECT)
def test_a_refusal_moves_nothing(status: str, error: type[CardRefused], call: Call) -> None:
    with pytest.raises(error) as raised:
        call(card(bytes.fromhex(status)))
    assert type(raised.value) is error
    assert not raised.value.money_may_have_moved
    assert raised.value.status == int(status, 16)


@pytest.mark.parametrize("status", ["6F00", "6581", "6400", "6283", "9001", "0000"])
def test_a_status_that_nobody_knows_leaves_a_debit_open(status: str) -> None:
    with pytest.raises(DebitTorn):
        card(bytes.fromhex(status)).debit(1, HASH)
    with pytest.raises(CardRefused):
        card(bytes.fromhex(status)).get_last()


@pytest.mark.parametrize(
    "answer",
    [b"", b"\x90", OK, DEBIT + OK, DEBIT + SIGNATURE + b"\0" + OK],
    ids=["nothing", "half a status", "no debit", "no signature", "a byte too many"],
)
def test_an_answer_that_is_no_debit(answer: bytes) -> None:
    with pytest.raises(CardGarbled):
        card(answer).get_last()
    with pytest.raises(DebitTorn) as raised:
        card(answer).debit(1, HASH)
    assert isinstance(raised.value.__cause__, CardGarbled)


BREAKS = [CardRemoved("reader", "gone"), CardMute("reader", "mute"), DeviceGone("reader", "gone")]


@pytest.mark.parametrize("error", BREAKS)
@pytest.mark.parametrize("call", BUT_DEBIT)
def test_a_break_passes_on(error: DriverError, call: Call) -> None:
    with pytest.raises(type(error)) as raised:
        call(card(error))
    assert not raised.value.money_may_have_moved


@pytest.mark.parametrize("error", [*BREAKS, RuntimeError("a mistake of ours")])
def test_whatever_breaks_a_debit_leaves_it_open(error: Exception) -> None:
    with pytest.raises(DebitTorn) as raised:
        card(error).debit(1, HASH)
    assert raised.value.money_may_have_moved
    assert raised.value.__cause__ is error
