"""The checks of KSP/1 section 6: each refuses with its own error, in the order of the section."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Final

import pytest

from kscoin.entries import EntryKind
from kscoin.errors import (
    BadSignature,
    EncodingError,
    ExceedsCredit,
    Expired,
    KSCoinError,
    UntrustedKey,
    WrongNetwork,
)
from kscoin.keys import PublicKey
from kscoin.networks import LIVE
from kscoin.policy import start_policy
from kscoin.signed import seal
from offline_queue.errors import (
    AlreadyTaken,
    NoPolicy,
    OverPaymentLimit,
    OverTerminalLimit,
    PurseDenied,
    RequestExpired,
    WrongAmount,
    WrongPurse,
    WrongRequest,
)
from offline_queue.values import PurseState
from tests.kscoin.parties import NETWORK, NOW_S, key, octets
from tests.offline_queue.desk import Desk, open_desk
from tests.offline_queue.shop import Purse, Shop, Shown, denylist_step, flipped

AMOUNT_WON: Final = 1_000
EARLIER_WON: Final = 400

# What can be wrong, in the order in which it is looked at, and the error that says so.
WRONGS: Final[dict[str, type[KSCoinError]]] = {
    "garbled": EncodingError,
    "unknown authority": UntrustedKey,
    "ended certificate": Expired,
    "another signer": BadSignature,
    "another request": WrongRequest,
    "too late": RequestExpired,
    "another amount": WrongAmount,
    "beyond credit": ExceedsCredit,
    "denied": PurseDenied,
    "spent before": AlreadyTaken,
    "too much at once": OverPaymentLimit,
    "too much in all": OverTerminalLimit,
}


class Scene:
    """A customer who answers a request with everything right but what is named."""

    def __init__(self, directory: Path, *wrongs: str) -> None:
        assert set(wrongs) <= WRONGS.keys()
        self.wrongs = wrongs
        limit_won = AMOUNT_WON + EARLIER_WON - 1 if self.has("too much in all") else 10**6
        policy = replace(start_policy(1, NOW_S), unsettled_max_won=limit_won)
        self.shop = Shop(directory, policy)
        self.desk = open_desk(self.shop)
        self.purse = Purse("card")
        self._what_happened_before()
        self.request = self.desk.teller.open_request(AMOUNT_WON)
        self.shown = Shown(self._debit(), self._certificate())
        if self.has("too late"):
            self.shop.clock.pass_s(181)

    def has(self, wrong: str) -> bool:
        return wrong in self.wrongs

    def accept(self) -> object:
        return self.desk.accept(self.request, self.shown)

    def _what_happened_before(self) -> None:
        if self.has("too much in all"):
            self.desk.sell(Purse("earlier customer"), EARLIER_WON)
        if self.has("spent before"):
            self.desk.sell(self.purse, EARLIER_WON)
            self.purse.spent_won = 0
        if self.has("denied"):
            step = denylist_step(1, 2, added=(self.purse.purse_id,))
            self.desk.setup.rulebook.put_denylist([step], NOW_S)

    def _debit(self) -> bytes:
        amount_won = AMOUNT_WON + 1 if self.has("another amount") else AMOUNT_WON
        debit = self.purse.debit(self.request, amount_won)
        if self.has("another request"):
            debit = replace(debit, request_hash=octets("another request", 32))
        signer = key("another") if self.has("another signer") else self.purse.key
        data = seal(debit, signer, NETWORK).data
        return data + b"\0" if self.has("garbled") else data

    def _certificate(self) -> bytes:
        certificate = self.purse.certificate
        if self.has("ended certificate"):
            certificate = replace(certificate, not_after_s=NOW_S - 1)
        if self.has("beyond credit"):
            certificate = replace(certificate, credit_total_won=AMOUNT_WON - 1)
        if self.has("too much at once"):
            certificate = replace(certificate, payment_limit_offline_won=AMOUNT_WON - 1)
        role = "receipt authority" if self.has("unknown authority") else "purse authority"
        return seal(certificate, key(role), NETWORK).data


def test_an_answer_with_nothing_wrong_is_kept(memory: Path) -> None:
    scene = Scene(memory)

    scene.accept()

    assert scene.desk.kinds().count(EntryKind.PAYMENT) == 1


@pytest.mark.parametrize("wrong", WRONGS)
def test_each_wrong_has_its_own_error_and_nothing_is_kept(memory: Path, wrong: str) -> None:
    scene = Scene(memory, wrong)
    before = scene.desk.kinds().count(EntryKind.PAYMENT)

    with pytest.raises(WRONGS[wrong]) as refusal:
        scene.accept()

    assert isinstance(refusal.value, WRONGS[wrong])
    assert scene.desk.kinds().count(EntryKind.PAYMENT) == before


@pytest.mark.parametrize(("first", "second"), [*combinations(WRONGS, 2)])
def test_of_two_wrongs_the_first_check_speaks(memory: Path, first: str, second: str) -> None:
    with pytest.raises(WRONGS[first]):
        Scene(memory, first, second).accept()


def test_with_everything_wrong_the_errors_come_one_by_one_in_order(memory: Path) -> None:
    wrongs = list(WRONGS)
    for at, wrong in enumerate(wrongs):
        directory = memory / str(at)
        directory.mkdir()
        with pytest.raises(WRONGS[wrong]):
            Scene(directory, *wrongs[at:]).accept()


def test_each_bit_of_a_debit_and_of_a_certificate_counts(memory: Path) -> None:
    scene = Scene(memory)
    debit, certificate = scene.shown.debit, scene.shown.certificate
    changed = [Shown(flipped(debit, at), certificate) for at in range(len(debit))]
    changed += [Shown(debit, flipped(certificate, at)) for at in range(len(certificate))]

    for shown in changed:
        with pytest.raises(KSCoinError):
            scene.desk.accept(scene.request, shown)
    assert EntryKind.PAYMENT not in scene.desk.kinds()


def test_what_was_signed_for_another_network_is_named_so(desk: Desk) -> None:
    purse = Purse()
    request = desk.teller.open_request(AMOUNT_WON)
    debit = purse.debit(request)

    with pytest.raises(WrongNetwork):
        desk.accept(request, purse.signed(debit, network=LIVE))
    with pytest.raises(WrongNetwork):
        desk.accept(request, Shown(purse.signed(debit).debit, purse.certified(network=LIVE)))


def test_a_certificate_of_another_purse_does_not_vouch_for_a_debit(desk: Desk) -> None:
    purse, stranger = Purse("card"), Purse("card", purse_id=b"stranger")
    request = desk.teller.open_request(AMOUNT_WON)

    with pytest.raises(WrongPurse):
        desk.accept(request, Shown(purse.pay(request).debit, stranger.certified()))


def test_a_debit_below_the_beginning_of_its_line_is_refused(desk: Desk) -> None:
    purse = Purse()
    request = desk.teller.open_request(AMOUNT_WON)
    below = replace(purse.debit(request), spent_total_won=AMOUNT_WON - 1)

    with pytest.raises(ExceedsCredit):
        desk.accept(request, purse.signed(below))


def test_without_a_policy_that_can_be_read_nothing_is_taken_offline(shop: Shop) -> None:
    (shop.directory / "policy.cbor").write_bytes(b"damaged")
    desk = open_desk(shop)

    with pytest.raises(NoPolicy):
        desk.sell(Purse())
    assert desk.standing.at_risk().stopped_by == "no_policy"


@pytest.mark.parametrize("denied", ["epoch", "purse"])
def test_denied_purses_and_denied_epochs(desk: Desk, denied: str) -> None:
    purse = Purse("card", epoch=7)
    added = (purse.purse_id,) if denied == "purse" else ()
    epochs = (7,) if denied == "epoch" else ()
    desk.setup.rulebook.put_denylist([denylist_step(1, 2, added, epochs=epochs)], NOW_S)

    with pytest.raises(PurseDenied):
        desk.sell(purse)


class Verifications:
    """Counts how often a signature is verified, and by which key."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.keys: list[bytes] = []
        really = PublicKey.verify

        def counted(public: PublicKey, signature: bytes, data: bytes) -> None:
            self.keys.append(public.compressed)
            really(public, signature, data)

        patch.setattr(PublicKey, "verify", counted)

    def taken(self) -> list[bytes]:
        """Return the keys since the last time, and start counting again."""
        keys, self.keys = self.keys, []
        return keys


def statements(desk: Desk) -> list[str]:
    """Return a list that grows with every statement that SQLite is given from now on."""
    seen: list[str] = []
    with desk.books as journal:
        journal._database.conn.set_trace_callback(seen.append)
    return seen


AUTHORITY = key("purse authority").public_key.compressed


def test_a_card_that_was_admitted_costs_one_verification_and_one_commit(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted, purse = Verifications(monkeypatch), Purse()
    request = desk.teller.open_request(AMOUNT_WON)
    desk.admit(request, purse)
    assert counted.taken() == [AUTHORITY]
    shown, seen = purse.pay(request), statements(desk)

    desk.accept(request, shown)

    assert counted.taken() == [purse.key.public_key.compressed]
    assert [each.split()[0] for each in seen] == ["INSERT"]


def test_a_card_that_was_admitted_is_asked_about_again_if_anything_was_written_since(
    desk: Desk,
) -> None:
    purse = Purse()
    request = desk.teller.open_request(AMOUNT_WON)
    desk.admit(request, purse)
    met = purse.signed(replace(purse.debit(request), request_hash=bytes(32)))
    desk.teller.record_witness(met.debit, met.certificate)
    purse.spent_won = 0

    with pytest.raises(AlreadyTaken):
        desk.accept(request, purse.pay(request))


def test_a_phone_that_nobody_has_seen_costs_two_verifications_and_one_commit(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted, purse = Verifications(monkeypatch), Purse()
    request = desk.teller.open_request(AMOUNT_WON)
    shown, seen = purse.pay(request), statements(desk)

    desk.accept(request, shown)

    assert counted.taken() == [AUTHORITY, purse.key.public_key.compressed]
    assert [each.split()[0] for each in seen] == ["SELECT", "INSERT"]


def test_a_known_certificate_is_still_refused_when_it_has_ended(shop: Shop, desk: Desk) -> None:
    purse = Purse("card", not_after_s=NOW_S + 100)
    desk.sell(purse)
    shop.clock.pass_s(101)

    with pytest.raises(Expired):
        desk.sell(purse)


def test_what_makes_a_card_unfit_is_found_before_it_is_debited(memory: Path) -> None:
    before_the_debit = ("ended certificate", "too late", *list(WRONGS)[7:])
    for at, wrong in enumerate(before_the_debit):
        directory = memory / str(at)
        directory.mkdir()
        scene = Scene(directory, wrong)
        state = PurseState(scene.shown.certificate, 0, scene.purse.spent_won - AMOUNT_WON)
        with pytest.raises(WRONGS[wrong]):
            scene.desk.teller.admit_purse(scene.request.request_hash, state)


def test_every_field_of_a_debit_is_signed(desk: Desk) -> None:
    request = desk.teller.open_request(AMOUNT_WON)
    purse = Purse()
    honest = purse.debit(request)
    signed = purse.signed(honest)
    forgeries = [
        replace(honest, sequence=2),
        replace(honest, amount_won=1),
        replace(honest, spent_total_won=honest.spent_total_won + 1),
        replace(honest, request_hash=octets("another", 32)),
        replace(honest, previous_hash=octets("another", 16)),
        replace(honest, purse_id=b"somebody"),
    ]

    for forged in forgeries:
        data = signed.debit.replace(honest.to_payload(), forged.to_payload())
        assert data != signed.debit
        with pytest.raises(BadSignature):
            desk.accept(request, Shown(data, signed.certificate))
