"""One contract for every card reader: in this process, behind sockets, and through real pcscd."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Final

import pytest

from drivers.card.apdu import Instruction, Transmission
from drivers.card.purse_card import PurseCard
from drivers.card.reader import CardConnection, CardReader
from drivers.card.tap import (
    CardDebited,
    CardLeft,
    CardOverstayed,
    CardPresented,
    CardUnusable,
    CommandRefused,
    DebitConfirmed,
    TapTorn,
)
from drivers.errors import (
    CardError,
    CardRemoved,
    CertificateRefused,
    CreditExceeded,
    DeviceGone,
    ForeignCard,
    NoPurseOnCard,
    NotPersonalised,
)
from drivers.simulated import faults
from drivers.simulated.card_memory import VolatileMemory
from drivers.simulated.faults import Tear, TearableCard, Way
from drivers.simulated.purse_applet import PurseApplet
from drivers.simulated.socket_reader import SocketReader
from drivers.simulated.transports import PiecewiseCard, SlowCard, T0Card
from tests.contract.card_benches import (
    CARD_SEEN_TIMEOUT_S,
    CardBench,
    pcsc_bench,
    simulated_bench,
    tcp_bench,
    unix_bench,
)
from tests.drivers.counter import Counter, Known
from tests.drivers.purses import AMOUNT_WON, purse, spent_won, verified
from tests.drivers.recorder import RecordingCard

# One process has the card daemon: where it cannot have a /run of its own there is only one.
pytestmark = pytest.mark.xdist_group("pcscd")

SELECT: Final = bytes.fromhex("00A4040008 F04B53434F494E01 00")


@pytest.fixture(params=["simulated", "unix", "tcp", "pcsc"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CardBench]:
    match request.param:
        case "simulated":
            opened = simulated_bench()
        case "unix":
            opened = unix_bench(tmp_path)
        case "tcp":
            opened = tcp_bench()
        case _:
            opened = pcsc_bench(request.getfixturevalue("virtual_pcscd"))
    with opened as bench:
        bench.reader.open()
        yield bench


def test_an_empty_field_has_no_card(bench: CardBench) -> None:
    assert bench.reader.wait_for_card(0) is None
    assert bench.reader.wait_for_removal(0)


def test_a_card_answers_until_it_is_taken_away(bench: CardBench) -> None:
    bench.hold(purse())
    connection = in_field(bench.reader)

    assert connection.transmit(SELECT) == bytes.fromhex("01 9000")
    assert not bench.reader.wait_for_removal(0)

    bench.take_away()

    assert bench.reader.wait_for_removal(CARD_SEEN_TIMEOUT_S)
    with pytest.raises(CardError):
        connection.transmit(SELECT)


def test_a_card_starts_anew_for_each_that_holds_it(bench: CardBench) -> None:
    card = purse()
    for _ in range(2):
        bench.hold(card)
        connection = in_field(bench.reader)
        # Nothing is selected on a card that has just been powered.
        assert connection.transmit(bytes.fromhex("8010000000")) == bytes.fromhex("6A82")
        connection.transmit(SELECT)
        connection.close()
        bench.take_away()
        assert bench.reader.wait_for_removal(CARD_SEEN_TIMEOUT_S)


def test_a_closed_connection_and_a_closed_reader_take_nothing(bench: CardBench) -> None:
    bench.hold(purse())
    connection = in_field(bench.reader)
    connection.close()
    connection.close()
    with pytest.raises(CardRemoved):
        connection.transmit(SELECT)

    bench.reader.close()
    bench.reader.close()
    with pytest.raises(DeviceGone):
        bench.reader.wait_for_card(0)


def test_a_purse_pays(bench: CardBench) -> None:
    card = purse()
    counter = counter_at(bench)
    bench.hold(card)

    assert counter.tap() is Known.PAID

    presented, debited, confirmed = counter.reports
    assert isinstance(presented, CardPresented)
    assert presented.state.sequence == 0
    assert isinstance(debited, CardDebited)
    assert verified(debited.debit).amount_won == AMOUNT_WON
    assert isinstance(confirmed, DebitConfirmed)
    assert spent_won(card) == AMOUNT_WON


# A DEBIT has 42 bytes and its answer 139: the first, the last but one, and the last.
@pytest.mark.parametrize(
    ("way", "after_bytes"),
    [(Way.COMMAND, 0), (Way.COMMAND, 42), (Way.ANSWER, 0), (Way.ANSWER, 1), (Way.ANSWER, 138)],
)
def test_a_torn_purse_pays_once_when_it_is_held_again(
    bench: CardBench, way: Way, after_bytes: int
) -> None:
    card = purse()
    torn = TearableCard(card, Tear(Instruction.DEBIT, way, after_bytes))
    counter = counter_at(bench)
    bench.hold(torn)

    assert counter.tap() is Known.UNSURE
    assert isinstance(counter.reports[-1], TapTorn)

    bench.hold(torn)

    assert counter.tap() is Known.PAID
    assert spent_won(card) == AMOUNT_WON


@pytest.mark.parametrize("piece_bytes", [1, 100, 136])
def test_a_purse_that_answers_in_pieces_pays(bench: CardBench, piece_bytes: int) -> None:
    card = purse()
    counter = counter_at(bench)
    bench.hold(PiecewiseCard(card, piece_bytes))

    assert counter.tap() is Known.PAID
    assert spent_won(card) == AMOUNT_WON


def test_a_purse_that_is_torn_between_two_pieces_pays_once(bench: CardBench) -> None:
    card = purse()
    # The state takes one more piece after the first, of the debit the first alone is heard.
    tear = Tear(Instruction.GET_RESPONSE, Way.COMMAND, occurrence=2)
    torn = TearableCard(PiecewiseCard(card, 100), tear)
    counter = counter_at(bench)
    bench.hold(torn)

    assert counter.tap() is Known.UNSURE
    assert spent_won(card) == AMOUNT_WON

    bench.hold(torn)

    assert counter.tap() is Known.PAID
    assert spent_won(card) == AMOUNT_WON


@pytest.fixture
def contact_bench(bench: CardBench) -> CardBench:
    """A bench whose reader tells T=0 from T=1: a socket carries no ATR that anyone looks at."""
    if isinstance(bench.reader, SocketReader):
        pytest.skip("the socket reader is a contactless one")
    return bench


def test_a_contact_card_that_knows_t0_only_pays(contact_bench: CardBench) -> None:
    card = purse()
    counter = counter_at(contact_bench)
    contact_bench.hold(T0Card(card), Transmission.T0)

    assert counter.tap() is Known.PAID
    assert spent_won(card) == AMOUNT_WON


# A DEBIT's answer over T=0 is two bytes, and then what is fetched.
@pytest.mark.parametrize(
    ("instruction", "way", "after_bytes", "occurrence"),
    [
        (Instruction.DEBIT, Way.COMMAND, 41, 1),
        (Instruction.DEBIT, Way.ANSWER, 1, 1),
        (Instruction.DEBIT, Way.ANSWER, 2, 1),
        (Instruction.GET_RESPONSE, Way.COMMAND, 0, 2),
        (Instruction.GET_RESPONSE, Way.ANSWER, 138, 2),
    ],
)
def test_a_contact_card_that_is_pulled_out_pays_once(
    contact_bench: CardBench, instruction: int, way: Way, after_bytes: int, occurrence: int
) -> None:
    card = purse()
    torn = TearableCard(T0Card(card), Tear(instruction, way, after_bytes, occurrence))
    counter = counter_at(contact_bench)
    contact_bench.hold(torn, Transmission.T0)

    assert counter.tap() is Known.UNSURE

    contact_bench.hold(torn, Transmission.T0)

    assert counter.tap() is Known.PAID
    assert spent_won(card) == AMOUNT_WON


def test_a_certificate_longer_than_a_short_apdu_reaches_the_card(
    contact_bench: CardBench,
) -> None:
    """Nobody issues one yet: the card hears it whole, and refuses it as no certificate."""
    card = RecordingCard(purse())
    contact_bench.hold(card)
    connection = in_field(contact_bench.reader)
    commands = PurseCard(connection)
    commands.select()

    with pytest.raises(CertificateRefused):
        commands.load(bytes(300))

    loads = [said for said, _ in card.exchanges if said[1] == Instruction.LOAD]
    # Extended in the reader in this process; in parts where pcscd's reader says nothing of it.
    assert [len(said) for said in loads] in ([7 + 300], [5 + 255, 5 + 45])
    connection.close()


def test_a_slow_card_keeps_nobody_else_waiting(bench: CardBench) -> None:
    may_answer, is_asked = Event(), Event()

    def compute(command: bytes) -> None:
        if command[1] == Instruction.DEBIT:
            is_asked.set()
            assert may_answer.wait(CARD_SEEN_TIMEOUT_S)

    card = purse()
    counter = counter_at(bench)
    bench.hold(SlowCard(card, compute))
    tap = Thread(target=counter.tap)
    tap.start()
    try:
        assert is_asked.wait(CARD_SEEN_TIMEOUT_S)
        # It computes: orders are taken meanwhile, and nothing is reported that is not so.
        counter.worker.rest()
        assert [type(report) for report in counter.reports] == [CardPresented]
    finally:
        may_answer.set()
        tap.join()
    assert counter.known is Known.PAID
    assert spent_won(card) == AMOUNT_WON


@pytest.mark.parametrize(
    ("card", "error"),
    [
        (faults.ForeignCard(0x6A82), NoPurseOnCard),
        (faults.ForeignCard(0x6D00), ForeignCard),
        (PurseApplet(VolatileMemory()), NotPersonalised),
    ],
)
def test_a_card_that_cannot_pay_says_why(
    bench: CardBench, card: faults.Card, error: type[CardError]
) -> None:
    counter = counter_at(bench)
    bench.hold(card)

    assert counter.tap() is Known.UNPAID

    (unusable,) = counter.reports
    assert isinstance(unusable, CardUnusable)
    assert type(unusable.error) is error


def test_a_purse_with_too_little_left_refuses_and_keeps_its_money(bench: CardBench) -> None:
    card = purse(credit_won=AMOUNT_WON - 1)
    counter = counter_at(bench)
    bench.hold(card)

    assert counter.tap() is Known.UNPAID

    refused = counter.reports[-1]
    assert isinstance(refused, CommandRefused)
    assert isinstance(refused.error, CreditExceeded)
    assert spent_won(card) == 0


def test_a_card_that_has_paid_must_leave_before_the_next_request(bench: CardBench) -> None:
    card = purse()
    counter = counter_at(bench)
    bench.hold(card)
    counter.tap()

    counter.worker.listen()
    counter.tap()
    assert isinstance(counter.reports[-1], CardOverstayed)

    bench.take_away()
    counter.tap()
    assert isinstance(counter.reports[-1], CardLeft)
    assert spent_won(card) == AMOUNT_WON


def counter_at(bench: CardBench) -> Counter:
    counter = Counter(bench.reader, poll_s=0.1)
    counter.worker.listen()
    return counter


def in_field(reader: CardReader) -> CardConnection:
    connection = reader.wait_for_card(CARD_SEEN_TIMEOUT_S)
    assert connection is not None
    return connection
