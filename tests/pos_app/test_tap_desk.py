"""The tap desk: the reader's reports become events about the right card."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.card import tap
from drivers.card.purse_card import CardState, SignedDebit
from drivers.errors import CardMute, CardRefused, CardRemoved, DebitTorn, ForeignCard
from pos_app.tap_desk import OVERSTAYED, TapDesk
from pos_app.till.events import (
    CardDebited,
    CardLost,
    CardPresented,
    CardRenewed,
    CardUnusable,
    Event,
    TapTorn,
)
from pos_app.till.events import CardRefused as CardSaidNo
from tests.flows.parts import CARD, REQUEST
from tests.pos_app.ports import Calls, Posted

STATE = CardState(
    CARD.purse_id,
    CARD.certificate,
    CARD.sequence,
    CARD.spent_total_won,
    CARD.last_request_hash,
    CARD.is_ratified,
)
SESSION = CARD.session
DEBIT = SignedDebit(b"d" * 73, b"s" * 64)
TORN = DebitTorn("reader", "torn")


def met() -> tuple[TapDesk, Posted]:
    """A desk to which CARD has been presented."""
    posted = Posted()
    desk = TapDesk(posted)
    desk.report(tap.CardPresented(SESSION, STATE))
    assert posted == [CardPresented(CARD)]
    posted.clear()
    return desk, posted


@pytest.mark.parametrize(
    ("report", "event"),
    [
        (tap.CardDebited(SESSION, DEBIT), CardDebited(CARD, DEBIT.debit, DEBIT.signature)),
        (tap.LastDebitRead(SESSION, DEBIT), CardDebited(CARD, DEBIT.debit, DEBIT.signature)),
        (
            tap.CommandRefused(SESSION, CardRefused("reader", "no", 0x6A80)),
            CardSaidNo(CARD, "card_refused"),
        ),
        (tap.CardLost(SESSION, CardRemoved("reader", "left")), CardLost(CARD, "card_removed")),
        (
            tap.CardUnusable(SESSION, ForeignCard("reader", "a bus card")),
            CardUnusable("foreign_card"),
        ),
        (tap.CardLeft(SESSION), CardLost(CARD, "card_removed")),
    ],
)
def test_what_the_reader_reports_of_the_card_that_was_presented(
    report: tap.TapReport, event: Event
) -> None:
    desk, posted = met()
    desk.report(report)
    assert posted == [event]


def test_a_torn_tap_names_the_request_that_was_being_paid() -> None:
    desk, posted = met()
    desk.serve(Calls())
    desk.debit(CARD, REQUEST)
    desk.report(tap.TapTorn(SESSION, CARD.purse_id, CARD.sequence, TORN))
    assert posted == [TapTorn(CARD, REQUEST.hash)]


def test_a_card_that_stays_too_long_is_told_and_its_dropped_order_answered() -> None:
    desk, posted = met()
    desk.report(tap.CardOverstayed(SESSION))
    assert posted == [CardLost(CARD, OVERSTAYED), CardUnusable(OVERSTAYED)]


def test_a_card_that_breaks_off_before_it_is_known_is_only_told() -> None:
    posted = Posted()
    TapDesk(posted).report(tap.CardLost(1, CardMute("reader", "mute")))
    assert posted == [CardUnusable("card_mute")]


def test_reports_of_an_older_meeting_are_about_no_card() -> None:
    desk, posted = met()
    desk.report(tap.CardDebited(SESSION + 1, DEBIT))
    desk.report(tap.CardLeft(SESSION + 1))
    assert posted == []


def test_what_needs_nobody_is_not_posted() -> None:
    desk, posted = met()
    desk.report(tap.DebitConfirmed(SESSION))
    assert posted == []


def test_a_card_with_a_new_certificate_is_this_card_from_then_on() -> None:
    desk, posted = met()
    renewed = replace(CARD, certificate=b"a newer one")
    desk.report(tap.PurseLoaded(SESSION, replace(STATE, certificate=b"a newer one")))
    assert posted == [CardRenewed(renewed)]
    posted.clear()

    desk.report(tap.CardLost(SESSION, CardRemoved("reader", "left")))
    assert posted == [CardLost(renewed, "card_removed")]


def test_a_certificate_for_a_card_that_was_not_met_tells_nothing() -> None:
    posted = Posted()
    TapDesk(posted).report(tap.PurseLoaded(SESSION, STATE))
    assert posted == []


def test_orders_go_to_the_reader_by_session() -> None:
    desk, worker = TapDesk(Posted()), Calls()
    desk.serve(worker)
    desk.listen()
    desk.debit(CARD, REQUEST)
    desk.read_last(CARD)
    desk.confirm(CARD, REQUEST.hash)
    desk.load(CARD, b"newer")
    desk.release(CARD)
    desk.rest()
    assert worker.made == [
        ("listen",),
        ("debit", SESSION, REQUEST.amount_won, REQUEST.hash),
        ("get_last", SESSION),
        ("confirm", SESSION, REQUEST.hash),
        ("load", SESSION, b"newer"),
        ("release", SESSION),
        ("rest",),
    ]


def test_a_reader_that_hung_tells_of_its_own_card_though_another_has_met_one_since() -> None:
    posted = Posted()
    desk = TapDesk(posted)
    left, right = desk.ear(), desk.ear()
    left(tap.CardPresented(SESSION, STATE))
    desk.debit(CARD, REQUEST)
    right(tap.CardPresented(SESSION + 1, STATE))
    right(tap.CardLost(SESSION + 1, CardRemoved("reader", "left")))
    posted.clear()

    left(tap.CardDebited(SESSION, DEBIT))
    left(tap.TapTorn(SESSION, CARD.purse_id, CARD.sequence, TORN))

    assert posted == [
        CardDebited(CARD, DEBIT.debit, DEBIT.signature),
        TapTorn(CARD, REQUEST.hash),
    ]


def test_a_till_without_a_reader_asks_nobody() -> None:
    desk = TapDesk(Posted())
    desk.listen()
    desk.debit(CARD, REQUEST)
    desk.read_last(CARD)
    desk.confirm(CARD, REQUEST.hash)
    desk.load(CARD, b"newer")
    desk.release(CARD)
    desk.rest()
