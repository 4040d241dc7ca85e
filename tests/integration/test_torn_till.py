"""A card that leaves at every byte of every APDU of a tap, at a whole till: worker, step, queue.

Nothing is simulated but the reader, the ledger and the person: the tap worker reports to the tap
desk, the till decides, and the real queue admits, verifies and keeps in a real journal. Everything
runs on the test's own thread. After each tear what the screen says is held against the card's own
memory and against the journal, and there is always a next step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Final

import pytest

from drivers.card.apdu import Transmission
from drivers.card.tap import DebitConfirmed, TapReport
from drivers.simulated import faults
from drivers.simulated.faults import Tear, TearableCard, Way
from drivers.simulated.purse_applet import PurseApplet
from drivers.simulated.simulated_reader import SimulatedReader
from drivers.simulated.transports import PiecewiseCard, T0Card
from kscoin.messages import PurseCertificate
from kscoin.signed import claim, seal
from offline_queue.audit import JournalReport, verify_journal
from pos_app.till.events import CertificateFound, LinkChanged, Pressed, Ticked
from pos_app.till.presses import Press
from pos_app.till.states import HOLD_AGAIN_MS, Card
from pos_app.till.status import Connection
from pos_app.till.views import HoldAgainView, PayView, RefusedView, ResultView, View
from pos_app.till.words import Moved, News
from tests.drivers.recorder import RecordingCard
from tests.integration.counter_parts import CounterParts, PromptQueue, purse_card
from tests.kscoin.parties import NETWORK, TERMINAL_ID, key
from tests.offline_queue.shop import MEMORY
from tests.pos_app.ports import Calls

AMOUNT_WON: Final = 1_000
PRESSES: Final = (Press.DIGIT_1, Press.DIGITS_000, Press.PAY)
STEPS_MAX: Final = 20
"""A tap that breaks or goes through takes fewer."""


class PlainCard:
    """A card as it comes, over T=1."""

    transmission = Transmission.T1
    credit_won = 100_000

    @staticmethod
    def speaking(card: faults.Card) -> faults.Card:
        return card


class OutdatedCard(PlainCard):
    """A card that does not know yet that it was loaded: it is renewed in the tap."""

    credit_won = AMOUNT_WON - 1


class ContactCard(PlainCard):
    """A card that knows T=0 only."""

    transmission = Transmission.T0

    @staticmethod
    def speaking(card: faults.Card) -> faults.Card:
        return T0Card(card)


class CardInPieces(PlainCard):
    """A card that answers a hundred bytes at a time."""

    @staticmethod
    def speaking(card: faults.Card) -> faults.Card:
        return PiecewiseCard(card, 100)


Manner = type[PlainCard]
MANNERS: Final[tuple[Manner, ...]] = (PlainCard, ContactCard, CardInPieces, OutdatedCard)


class Line(Calls):
    """A line whose ledger has a hundred thousand won more for every purse that is asked about."""

    counter: Counter

    def renew(self, card: Card) -> None:
        has = claim(PurseCertificate, card.certificate)
        terms = replace(has, credit_total_won=has.credit_total_won + 100_000)
        newer = seal(terms, key("purse authority"), NETWORK).data
        proven = self.counter.queue.proven_renewal(card.certificate, newer).result()
        self.counter.inbox.post(CertificateFound(card, proven))


class Counter(CounterParts):
    """A till whose every thread is this one, and the person in front of it."""

    def __init__(self, directory: Path) -> None:
        self.reader = SimulatedReader()
        line = Line()
        super().__init__(directory, self.reader, PromptQueue, poll_s=0, line=line)
        line.counter = self
        self.customers = 0
        self.view: View | None = None
        self.runtime.watch(self._see)
        self.performer.start()
        self.worker.open()
        self.inbox.post(LinkChanged(Connection.ONLINE))
        self._settle()

    def _see(self, view: View) -> None:
        self.view = view

    def report(self, report: TapReport) -> None:
        super().report(report)
        self._settle()
        if isinstance(report, DebitConfirmed):
            # The screen is green: the card is taken away.
            self.reader.remove()

    def _settle(self) -> None:
        """Let the till take all that has been posted, and what comes of it."""
        while (event := self.inbox.take(0)) is not None:
            self.runtime.handle(event, self.performer.perform)

    def press(self, *presses: Press) -> None:
        for press in presses:
            self.runtime.handle(Pressed(press), self.performer.perform)
            self._settle()

    def wait(self, seconds: int) -> None:
        clock = self.shop.clock
        clock.pass_s(seconds)
        self.runtime.handle(Ticked(clock.monotonic_ms(), clock.wall_s()), self.performer.perform)
        self._settle()

    def sell(self) -> None:
        """Begin a sale, from whatever the last customer left on the screen."""
        match self.view:
            case PayView():
                self.press(Press.CANCEL)
            case ResultView():
                self.press(Press.NEW_SALE)
            case RefusedView():
                self.press(Press.DISMISS)
            case _:
                pass
        self.press(Press.CLEAR, *PRESSES)
        assert isinstance(self.view, PayView)
        assert self.view.notice is None

    def hold(self, card: faults.Card, over: Transmission) -> View:
        """Hold a card until it has left by itself or was taken away; return the screen then."""
        # The field is seen empty first, as between two customers.
        self.reader.remove()
        self.worker.step(Event())
        self.reader.insert(card, over)
        for _ in range(STEPS_MAX):
            self.worker.step(Event())
            if not self.reader.has_card():
                break
        self.worker.step(Event())
        self._settle()
        assert self.view is not None
        return self.view

    def kept_won(self) -> int:
        """What the queue says that it has kept."""
        return self.queue.at_risk().result().unsettled_won

    def journal(self) -> JournalReport:
        """What is on the disk, all of it proven from the outside."""
        return verify_journal(self.shop.journal_path, TERMINAL_ID)


@dataclass
class Customer:
    """A card of its own, which the till has never met."""

    purse: PurseApplet
    card: TearableCard

    @property
    def spent_won(self) -> int:
        assert self.purse.image is not None
        return self.purse.image.last.spent_total_won if self.purse.image.last else 0


@pytest.fixture(scope="module")
def counter() -> Iterator[Counter]:
    with TemporaryDirectory(dir=MEMORY) as directory:
        counter = Counter(Path(directory))
        yield counter
        counter.close()


def customer(counter: Counter, manner: Manner, *tears: Tear) -> Customer:
    counter.customers += 1
    purse = purse_card(f"customer {counter.customers}", credit_total_won=manner.credit_won)
    return Customer(purse, TearableCard(manner.speaking(purse), *tears))


def exchanges_of(counter: Counter, manner: Manner) -> list[tuple[bytes, bytes]]:
    """What a tap says when nothing breaks."""
    counter.customers += 1
    purse = purse_card(f"customer {counter.customers}", credit_total_won=manner.credit_won)
    recording = RecordingCard(manner.speaking(purse))
    counter.sell()
    assert isinstance(counter.hold(recording, manner.transmission), ResultView)
    return recording.exchanges


def tears_in(exchanges: list[tuple[bytes, bytes]], way: Way) -> Iterator[Tear]:
    said = [command[1] for command, _ in exchanges]
    for number, (command, answer) in enumerate(exchanges):
        occurrence = said[: number + 1].count(command[1])
        for after in range(len(command if way is Way.COMMAND else answer) + 1):
            yield Tear(command[1], way, after, occurrence)


@pytest.mark.parametrize("way", list(Way))
@pytest.mark.parametrize("manner", MANNERS)
def test_money_moves_once_and_the_till_knows_it_or_says_what_is_next(
    counter: Counter, manner: Manner, way: Way
) -> None:
    for tear in tears_in(exchanges_of(counter, manner), way):
        who, before_won = customer(counter, manner, tear), counter.kept_won()
        counter.sell()

        view = counter.hold(who.card, manner.transmission)

        assert_honest(view, who)
        is_paid = isinstance(view, ResultView)
        assert counter.kept_won() == before_won + AMOUNT_WON * is_paid, tear
        if not is_paid:
            # The next step that the screen names: the same card again.
            assert isinstance(counter.hold(who.card, manner.transmission), ResultView), tear
        assert who.spent_won == AMOUNT_WON, tear
        assert counter.kept_won() == before_won + AMOUNT_WON, tear
    assert counter.journal().payments_won == counter.kept_won()


@pytest.mark.parametrize("way", list(Way))
@pytest.mark.parametrize("manner", MANNERS)
def test_a_card_that_never_comes_back_is_on_record_and_pays_for_nothing_twice(
    counter: Counter, manner: Manner, way: Way
) -> None:
    torn, before = 0, counter.journal()
    for tear in tears_in(exchanges_of(counter, manner), way):
        who, before_won = customer(counter, manner, tear), counter.kept_won()
        counter.sell()
        if not isinstance(counter.hold(who.card, manner.transmission), HoldAgainView):
            continue

        counter.wait(HOLD_AGAIN_MS // 1_000)

        assert_given_up(counter.view)
        assert counter.kept_won() == before_won, tear
        torn += 1
        # What it has paid is not asked for again; the next sale is one of its own.
        spent_won = who.spent_won
        counter.sell()
        assert isinstance(counter.hold(who.card, manner.transmission), ResultView), tear
        assert who.spent_won == spent_won + AMOUNT_WON, tear
    assert torn > 0
    assert counter.journal().torn == before.torn + torn
    assert counter.journal().payments_won == counter.kept_won()


def assert_honest(view: View, who: Customer) -> None:
    """What the screen says of the money is so, and it names a next step."""
    match view:
        case ResultView():
            assert who.spent_won == AMOUNT_WON
        case PayView(notice=News(moved=Moved.NO, next_step=next_step)):
            assert who.spent_won == 0
            assert next_step
        case HoldAgainView(texts=texts):
            assert texts.hold_again_title
        case _:
            raise AssertionError(f"the till shows {view}")


def assert_given_up(view: View | None) -> None:
    assert isinstance(view, RefusedView)
    assert (view.news.code, view.news.moved) == ("debit_torn", Moved.PERHAPS)
    assert view.news.next_step
