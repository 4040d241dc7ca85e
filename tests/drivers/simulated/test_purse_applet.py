"""The simulated card keeps KSP/1 section 7: byte by byte, and against a plain model."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from drivers.card.apdu import PURSE_AID, Command, Instruction
from drivers.card.purse_card import SignedDebit
from drivers.errors import (
    CardRefused,
    CertificateRefused,
    CreditExceeded,
    DebitTorn,
    NoSuchDebit,
)
from drivers.simulated.card_memory import PurseImage, VolatileMemory
from drivers.simulated.purse_applet import PurseApplet
from kscoin.errors import BadSignature, VerificationError
from kscoin.keys import SoftwareSigner
from kscoin.messages import PurseCertificate, debit_link
from kscoin.purse import SpendingLine
from tests.drivers.purses import (
    AUTHORITY,
    CREDIT_WON,
    NETWORK,
    PURSE_KEY,
    TERMS,
    certificate,
    purse,
    request_hash,
    selected,
    verified,
)

SELECT: Final = Command(Instruction.SELECT, PURSE_AID).encode()
GET_STATE: Final = bytes.fromhex("8010000000")
GET_LAST: Final = bytes.fromhex("8022000000")
HASH: Final = request_hash(1)


def debit_apdu(amount_won: int, request: bytes = HASH) -> bytes:
    return bytes.fromhex("8020000024") + amount_won.to_bytes(4, "big") + request + b"\0"


def test_the_bytes_of_a_first_payment() -> None:
    card = purse()

    assert card.process(SELECT) == bytes.fromhex("01 9000")
    fresh = bytes.fromhex("00 00000000 0000000000000000") + certificate() + b"\x90\0"
    assert card.process(GET_STATE) == fresh

    answer = card.process(debit_apdu(12_300))

    head = "01 70757273652D2D31 00000001 0000300C 000000000000300C"
    assert answer[:73] == bytes.fromhex(head) + HASH + bytes(16)
    assert len(answer) == 73 + 64 + 2
    assert answer[-2:] == b"\x90\0"
    assert card.process(GET_LAST) == answer
    paid = bytes.fromhex("01 00000001 000000000000300C") + HASH + certificate() + b"\x90\0"
    assert card.process(GET_STATE) == paid
    assert card.process(bytes.fromhex("8024000020") + HASH) == b"\x90\0"
    assert card.process(GET_STATE) == b"\x02" + paid[1:]


def test_the_largest_state_fits_a_short_answer() -> None:
    most = 2**63 - 1
    terms = replace(
        TERMS,
        credit_total_won=most,
        not_after_s=most,
        payment_limit_offline_won=most,
        epoch=most,
        issued_at_s=most,
    )
    card = PurseApplet.personalised(PURSE_KEY, certificate(terms), AUTHORITY.public_key, NETWORK)
    selected(card).debit(1, HASH)

    assert len(card.process(GET_STATE)) - 2 == 231


@pytest.mark.parametrize(
    ("apdu", "status"),
    [
        ("", "6700"),
        ("801000", "6700"),
        ("80100000 01", "9000"),
        ("80100000 01 00", "6700"),
        ("80100000 00 00", "6700"),
        ("80200000 24 00", "6700"),
        ("80200000 01 00 00", "6700"),
        ("80200000", "6700"),
        (f"80200000 24 0000300C {HASH.hex()} 05", "6700"),
        (f"80200000 24 0000300C {HASH.hex()} 00 00", "6700"),
        (f"80200000 24 00000000 {HASH.hex()} 00", "6A80"),
        (f"80200000 24 00030D41 {HASH.hex()} 00", "6985"),
        (f"80200000 24 FFFFFFFF {HASH.hex()} 00", "6985"),
        ("80220000 00", "6A88"),
        (f"80240000 20 {HASH.hex()}", "6A88"),
        ("80240000 01 00", "6700"),
        ("80300000 01 00", "6984"),
        ("80300000", "6984"),
        ("80100001 00", "6A86"),
        ("80FF0000 00", "6D00"),
        ("00100000 00", "6E00"),
        ("90100000 00", "6E00"),
        ("00A40400 08 F04B53434F494E02 00", "6A82"),
        ("00A40000 08 F04B53434F494E01 00", "6A82"),
    ],
)
def test_status_words(apdu: str, status: str) -> None:
    card = purse()
    card.process(SELECT)

    before = card.image
    assert card.process(bytes.fromhex(apdu))[-2:] == bytes.fromhex(status)
    assert card.image == before


def test_nothing_works_before_select_nor_after_another_applet_or_a_reset() -> None:
    card = purse()
    assert card.process(GET_STATE) == bytes.fromhex("6A82")
    card.process(SELECT)
    card.process(bytes.fromhex("00A40400 05 A000000003 00"))
    assert card.process(GET_STATE) == bytes.fromhex("6A82")
    card.process(SELECT)
    card.reset()
    assert card.process(GET_STATE) == bytes.fromhex("6A82")


def test_a_card_that_is_not_personalised_says_so_to_everything_but_select() -> None:
    card = PurseApplet(VolatileMemory())
    assert card.process(SELECT) == bytes.fromhex("01 9000")
    for apdu in (GET_STATE, GET_LAST, debit_apdu(1), bytes.fromhex("80300000 01 00")):
        assert card.process(apdu) == bytes.fromhex("6982")


def test_a_purse_is_personalised_with_its_own_certificate_only() -> None:
    other = SoftwareSigner(7)
    with pytest.raises(VerificationError):
        PurseApplet.personalised(other, certificate(), AUTHORITY.public_key, NETWORK)
    with pytest.raises(BadSignature):
        PurseApplet.personalised(PURSE_KEY, certificate(by=other), AUTHORITY.public_key, NETWORK)


@given(st.binary(max_size=300))
def test_any_bytes_get_a_status_word_and_spend_nothing(apdu: bytes) -> None:
    card = purse()
    card.process(SELECT)
    answer = card.process(apdu)
    assert len(answer) >= 2
    assert card.image is not None
    assert card.image.last is None or answer.endswith(b"\x90\0")


def test_a_clone_has_the_key_and_the_past_and_then_goes_its_own_way() -> None:
    card = purse()
    selected(card).debit(1_000, request_hash(1))
    clone = card.clone()

    ours = verified(selected(card).debit(1_000, request_hash(2)))
    theirs = verified(selected(clone).debit(1_000, request_hash(3)))

    assert (ours.sequence, theirs.sequence) == (2, 2)
    assert ours.interval.overlaps(theirs.interval)


class WatchedMemory(VolatileMemory):
    """Memory that notes when it is written."""

    def __init__(self, notes: list[str]) -> None:
        super().__init__(purse().image)
        self._notes = notes

    def commit(self, image: PurseImage) -> None:
        self._notes.append("written")
        super().commit(image)


def test_a_debit_is_written_before_it_is_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[str] = []
    memory = WatchedMemory(notes)
    sign = SoftwareSigner.sign

    def noted(signer: SoftwareSigner, data: bytes) -> bytes:
        notes.append("signed")
        return sign(signer, data)

    monkeypatch.setattr(SoftwareSigner, "sign", noted)
    commands = selected(PurseApplet(memory))
    commands.debit(500, HASH)
    commands.debit(500, HASH)

    assert notes == ["written", "signed", "signed"]


class Brownout(Exception):
    """The card's power fails."""


class FailingMemory(VolatileMemory):
    """Memory in a card that loses power right before or right after its one write."""

    def __init__(self, is_written: bool) -> None:
        super().__init__(purse().image)
        self._is_written = is_written

    def commit(self, image: PurseImage) -> None:
        if self._is_written:
            super().commit(image)
        raise Brownout


@pytest.mark.parametrize("is_written", [False, True])
def test_power_lost_at_the_write_leaves_all_of_a_debit_or_nothing(is_written: bool) -> None:
    memory = FailingMemory(is_written)
    with pytest.raises(DebitTorn) as raised:
        selected(PurseApplet(memory)).debit(500, HASH)
    assert isinstance(raised.value.__cause__, Brownout)

    powered_again = PurseApplet(VolatileMemory(memory.read()))
    state = selected(powered_again).get_state()
    assert state.sequence == int(is_written)
    # It had not signed yet; asked again, it signs what it wrote, and moves no more money.
    assert verified(selected(powered_again).debit(500, HASH)).spent_total_won == 500


LOADS: Final = {
    "more": (replace(TERMS, credit_total_won=CREDIT_WON + 1), AUTHORITY, True),
    "longer": (replace(TERMS, not_after_s=TERMS.not_after_s + 1), AUTHORITY, True),
    "the same": (TERMS, AUTHORITY, False),
    "more but shorter": (
        replace(TERMS, credit_total_won=CREDIT_WON + 1, not_after_s=TERMS.not_after_s - 1),
        AUTHORITY,
        False,
    ),
    "longer but less": (
        replace(TERMS, credit_total_won=CREDIT_WON - 1, not_after_s=TERMS.not_after_s + 1),
        AUTHORITY,
        False,
    ),
    "another purse": (
        replace(TERMS, purse_id=b"purse--2", credit_total_won=CREDIT_WON + 1),
        AUTHORITY,
        False,
    ),
    "another key": (
        replace(
            TERMS,
            public_key=SoftwareSigner(7).public_key.compressed,
            credit_total_won=CREDIT_WON + 1,
        ),
        AUTHORITY,
        False,
    ),
    "another authority": (
        replace(TERMS, credit_total_won=CREDIT_WON + 1),
        SoftwareSigner(7),
        False,
    ),
}


@pytest.mark.parametrize("case", LOADS)
def test_load_takes_what_the_authority_gives_this_purse_and_never_less(case: str) -> None:
    terms, by, is_taken = LOADS[case]
    card = purse()
    commands = selected(card)
    new = certificate(terms, by)
    if is_taken:
        commands.load(new)
    else:
        with pytest.raises(CertificateRefused):
            commands.load(new)
    assert commands.get_state().certificate == (new if is_taken else certificate())


class PurseModel(RuleBasedStateMachine):
    """Commands in any order, beside the plainest description of what a purse is."""

    def __init__(self) -> None:
        super().__init__()
        self.terms: PurseCertificate = TERMS
        self.debits: list[tuple[int, bytes]] = []
        self.answers: list[SignedDebit] = []
        self.is_ratified = True

    @initialize(credit_won=st.sampled_from([0, 1, 5_000, CREDIT_WON]))
    def personalise(self, credit_won: int) -> None:
        self.card = purse(credit_won=credit_won)
        self.terms = replace(TERMS, credit_total_won=credit_won)
        self.commands = selected(self.card)

    @property
    def spent_won(self) -> int:
        return sum(amount for amount, _ in self.debits)

    @rule(amount_won=st.sampled_from([1, 999, 1_000, 50_000, 2**32 - 1]), number=st.integers(0, 4))
    def debit(self, amount_won: int, number: int) -> None:
        request = request_hash(number)
        if self.debits and self.debits[-1][1] == request:
            assert self.commands.debit(amount_won, request) == self.answers[-1]
        elif self.spent_won + amount_won > self.terms.credit_total_won:
            with pytest.raises(CreditExceeded):
                self.commands.debit(amount_won, request)
        else:
            self.answers.append(self.commands.debit(amount_won, request))
            self.debits.append((amount_won, request))
            self.is_ratified = False

    @rule()
    def get_last(self) -> None:
        if self.debits:
            assert self.commands.get_last() == self.answers[-1]
        else:
            with pytest.raises(NoSuchDebit):
                self.commands.get_last()

    @rule(number=st.integers(0, 4))
    def confirm(self, number: int) -> None:
        if self.debits and self.debits[-1][1] == request_hash(number):
            self.commands.confirm(request_hash(number))
            self.is_ratified = True
        else:
            with pytest.raises(NoSuchDebit):
                self.commands.confirm(request_hash(number))

    @rule(more_won=st.integers(-1, 1), longer_s=st.integers(-1, 1))
    def load(self, more_won: int, longer_s: int) -> None:
        new = replace(
            self.terms,
            credit_total_won=max(self.terms.credit_total_won + 3_000 * more_won, 0),
            not_after_s=self.terms.not_after_s + longer_s,
        )
        old = self.terms
        rises = new.credit_total_won > old.credit_total_won or new.not_after_s > old.not_after_s
        falls = new.credit_total_won < old.credit_total_won or new.not_after_s < old.not_after_s
        if rises and not falls:
            self.commands.load(certificate(new))
            self.terms = new
        else:
            with pytest.raises(CardRefused):
                self.commands.load(certificate(new))

    @rule()
    def lose_power(self) -> None:
        self.card = PurseApplet(VolatileMemory(self.card.image))
        self.commands = selected(self.card)

    @invariant()
    def state_is_the_model(self) -> None:
        state = self.commands.get_state()
        assert state.sequence == len(self.debits)
        assert state.spent_total_won == self.spent_won <= self.terms.credit_total_won
        assert state.last_request_hash == (self.debits[-1][1] if self.debits else None)
        assert state.is_ratified == (self.is_ratified and bool(self.debits))
        assert state.certificate == certificate(self.terms)

    def teardown(self) -> None:
        """Every debit verifies, names the one before, and they lie end to end on the line."""
        debits = [verified(answer) for answer in self.answers]
        links = [debit_link(each.debit) for each in self.answers]
        assert [debit.previous_hash for debit in debits] == [debit_link(None), *links][
            : len(debits)
        ]
        line = SpendingLine.of(debit.interval for debit in debits)
        assert list(line.gaps()) == []
        assert [(d.amount_won, d.request_hash) for d in debits] == self.debits
        assert [debit.sequence for debit in debits] == list(range(1, len(debits) + 1))


TestPurseModel = PurseModel.TestCase
TestPurseModel.settings = settings(max_examples=60, stateful_step_count=30)
