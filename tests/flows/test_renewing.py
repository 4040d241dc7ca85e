"""A newer certificate at the counter: while the card is held, or after the yes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pos_app.till.effects import (
    AdmitPurse,
    ConfirmCard,
    DebitCard,
    Effect,
    LoadCard,
    ReleaseCard,
    RenewPurse,
)
from pos_app.till.events import (
    CardEvent,
    CardLost,
    CardPresented,
    CardRefused,
    CardRenewed,
    CardUnusable,
    CertificateFound,
    CertificateMissing,
    PurseAdmitted,
    PurseDeclined,
    ReceiptArrived,
    Ticked,
)
from pos_app.till.show import Face, show
from pos_app.till.states import (
    READER_PATIENCE_MS,
    RENEWAL_PATIENCE_MS,
    Admitting,
    Approved,
    Debiting,
    Keeping,
    Line,
    Paying,
    Phase,
    Problem,
    Renewing,
    Till,
)
from pos_app.till.status import Connection
from pos_app.till.step import step
from pos_app.till.views import HoldView
from pos_app.till.words import Moved
from tests.flows.parts import (
    CARD,
    NOW_MS,
    OTHER_CARD,
    REQUEST,
    WALL_S,
    again,
    certificate_of,
    debit_evidence,
    in_phase,
    kept,
    phone_evidence,
    receipt_evidence,
    run,
    walk,
)

NEWER = certificate_of(CARD.purse_id, credit_total_won=900_000)
RENEWED = replace(CARD, certificate=NEWER)
ASKING = Renewing(REQUEST, CARD, "exceeds_credit", NOW_MS)
LOADING = replace(ASKING, is_loading=True)
# The last quarter of a day's certificate has begun.
LATE_S = WALL_S + 70_000


def online(phase: Phase) -> Till:
    return replace(in_phase(phase), line=Line(Connection.ONLINE))


def refused(code: str = "exceeds_credit") -> Paying:
    return Paying(REQUEST, Problem(code, Moved.NO))


@pytest.mark.parametrize("code", ["expired", "exceeds_credit"])
def test_a_purse_that_a_newer_certificate_mends_pays_in_the_same_tap(code: str) -> None:
    asking = replace(ASKING, code=code)
    walk(
        online(Paying(REQUEST)),
        [
            (CardPresented(CARD), Admitting(REQUEST, CARD), (AdmitPurse(REQUEST, CARD),)),
            (PurseDeclined(CARD, code), asking, (RenewPurse(CARD),)),
            (
                CertificateFound(CARD, NEWER),
                replace(asking, is_loading=True),
                (LoadCard(CARD, NEWER),),
            ),
            (
                CardRenewed(RENEWED),
                Admitting(REQUEST, RENEWED, is_renewed=True),
                (AdmitPurse(REQUEST, RENEWED),),
            ),
            (
                PurseAdmitted(RENEWED),
                Debiting(REQUEST, RENEWED, NOW_MS),
                (DebitCard(RENEWED, REQUEST),),
            ),
        ],
    )


def test_a_purse_is_renewed_once_in_a_tap() -> None:
    till = online(Admitting(REQUEST, RENEWED, is_renewed=True))
    released = (ReleaseCard(RENEWED),)
    walk(till, [(PurseDeclined(RENEWED, "exceeds_credit"), refused(), released)])


@pytest.mark.parametrize(
    "code", ["purse_denied", "over_payment_limit", "already_taken", "bad_signature", "disk_full"]
)
def test_what_no_certificate_mends_is_refused_at_once(code: str) -> None:
    till = online(Admitting(REQUEST, CARD))
    walk(till, [(PurseDeclined(CARD, code), refused(code), (ReleaseCard(CARD),))])


@pytest.mark.parametrize(
    "connection", [each for each in Connection if each is not Connection.ONLINE]
)
def test_without_a_line_nobody_waits(connection: Connection) -> None:
    till = replace(in_phase(Admitting(REQUEST, CARD)), line=Line(connection))
    walk(till, [(PurseDeclined(CARD, "expired"), refused("expired"), (ReleaseCard(CARD),))])


@pytest.mark.parametrize(
    ("phase", "event", "effects"),
    [
        (ASKING, CertificateMissing(CARD), (ReleaseCard(CARD),)),
        (ASKING, CardLost(CARD, "card_removed"), ()),
        (LOADING, CardLost(CARD, "card_removed"), ()),
        (LOADING, CardRefused(CARD, "card_certificate_refused"), (ReleaseCard(CARD),)),
        (LOADING, CardUnusable("card_garbled"), (ReleaseCard(CARD),)),
    ],
)
def test_when_it_comes_to_nothing_the_refusal_is_what_it_was(
    phase: Renewing, event: CardEvent, effects: tuple[Effect, ...]
) -> None:
    walk(online(phase), [(event, refused(), effects)])


@pytest.mark.parametrize(
    ("phase", "patience_ms"), [(ASKING, RENEWAL_PATIENCE_MS), (LOADING, READER_PATIENCE_MS)]
)
def test_nobody_waits_for_ever(phase: Renewing, patience_ms: int) -> None:
    released = (ReleaseCard(CARD),)
    walk(
        online(phase),
        [
            (Ticked(NOW_MS + patience_ms - 1, WALL_S), phase, ()),
            (Ticked(NOW_MS + patience_ms, WALL_S), refused(), released),
            # What comes after all is for nobody any more.
            (CertificateFound(CARD, NEWER), refused(), ()),
            (CertificateMissing(CARD), refused(), ()),
            (CardRenewed(RENEWED), refused(), ()),
        ],
    )


def test_an_answer_about_another_card_is_not_this_ones() -> None:
    for event in (CertificateFound(OTHER_CARD, NEWER), CertificateMissing(OTHER_CARD)):
        walk(online(ASKING), [(event, ASKING, ())])
    walk(online(LOADING), [(CertificateFound(CARD, NEWER), LOADING, ())])
    walk(online(LOADING), [(CardRenewed(again(CARD)), LOADING, ())])


def test_a_card_that_is_held_again_meanwhile_is_met_anew() -> None:
    met = again(CARD)
    row = (CardPresented(met), Admitting(REQUEST, met), (AdmitPurse(REQUEST, met),))
    walk(online(ASKING), [row])


def test_paid_in_another_way_meanwhile_the_card_is_let_go() -> None:
    evidence = receipt_evidence()
    till, effects = step(online(LOADING), ReceiptArrived(REQUEST.hash, evidence.receipt))
    assert till.phase == Keeping(REQUEST, evidence, Paying(REQUEST))
    assert ReleaseCard(CARD) in effects


def test_a_card_whose_certificate_is_aging_is_renewed_after_the_yes() -> None:
    keeping = Keeping(REQUEST, debit_evidence(CARD), Paying(REQUEST))
    till = replace(online(keeping), wall_s=LATE_S)

    till, effects = step(till, kept(debit_evidence(CARD)))

    assert isinstance(till.phase, Approved)
    confirm, renew, *_ = effects
    assert (confirm, renew) == (ConfirmCard(CARD, REQUEST.hash), RenewPurse(CARD))
    till, effects = run(till, CertificateFound(CARD, NEWER), CardRenewed(RENEWED))
    assert isinstance(till.phase, Approved)
    assert effects == (LoadCard(CARD, NEWER),)


@pytest.mark.parametrize(
    ("connection", "wall_s"), [(Connection.ONLINE, WALL_S), (Connection.OFFLINE, LATE_S)]
)
def test_a_tap_that_needs_no_renewal_asks_for_none(connection: Connection, wall_s: int) -> None:
    keeping = Keeping(REQUEST, debit_evidence(CARD), Paying(REQUEST))
    till = replace(in_phase(keeping), line=Line(connection), wall_s=wall_s)

    _, effects = step(till, kept(debit_evidence(CARD)))

    assert ConfirmCard(CARD, REQUEST.hash) in effects
    assert RenewPurse(CARD) not in effects


def test_a_phone_renews_itself() -> None:
    keeping = Keeping(REQUEST, phone_evidence(), Paying(REQUEST))
    till = replace(online(keeping), wall_s=LATE_S)
    _, effects = step(till, kept(phone_evidence()))
    assert not any(isinstance(effect, RenewPurse) for effect in effects)


def test_what_came_of_it_after_the_yes_does_not_touch_the_yes() -> None:
    till, _ = step(
        online(Keeping(REQUEST, debit_evidence(CARD), Paying(REQUEST))), kept(debit_evidence(CARD))
    )
    approved = till.phase
    for event in (
        CertificateMissing(CARD),
        CardRenewed(RENEWED),
        CardRefused(CARD, "card_certificate_refused"),
        CardLost(CARD, "card_removed"),
        CertificateFound(OTHER_CARD, NEWER),
    ):
        walk(till, [(event, approved, ())])


def test_whoever_holds_the_card_is_told_why_it_takes_a_moment() -> None:
    for phase in (ASKING, LOADING):
        view = show(online(phase), Face("shop", 0))
        assert isinstance(view, HoldView)
        assert (view.is_card, view.is_renewing) == (True, True)
