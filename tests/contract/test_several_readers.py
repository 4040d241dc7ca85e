"""One contract for readers that a till has several of: one that hangs leaves the others selling."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from drivers.card.apdu import Instruction
from drivers.card.tap import (
    CardDebited,
    CardLeft,
    CardOverstayed,
    CardPresented,
    TapTorn,
)
from drivers.card.turns import MEET_S
from drivers.simulated.faults import Tear, TearableCard, Way
from tests.contract.reader_benches import (
    NAMES,
    StuckCard,
    TwoReaders,
    pcsc_readers,
    simulated_readers,
)
from tests.drivers.purses import AMOUNT_WON, purse, request_hash, spent_won, verified
from tests.drivers.recorder import RecordingCard

# One process has the card daemon: where it cannot have a /run of its own there is only one.
pytestmark = pytest.mark.xdist_group("pcscd")


@pytest.fixture(params=["simulated", "pcsc"])
def bench(request: pytest.FixtureRequest) -> Iterator[TwoReaders]:
    if request.param == "simulated":
        opened = simulated_readers()
    else:
        opened = pcsc_readers(request.getfixturevalue("virtual_pcscd"))
    with opened as bench:
        yield bench


@pytest.mark.parametrize("slot", [0, 1])
def test_a_card_at_either_reader_pays(bench: TwoReaders, slot: int) -> None:
    card = purse()
    bench.sell(card, slot, 1)
    bench.sell(card, 1 - slot, 2)
    assert spent_won(card) == 2 * AMOUNT_WON


@pytest.mark.parametrize("hung", [0, 1])
@pytest.mark.parametrize("instruction", [Instruction.SELECT, Instruction.GET_STATE])
def test_one_that_hangs_before_its_card_is_known_leaves_the_other_selling(
    bench: TwoReaders, instruction: Instruction, hung: int
) -> None:
    well, left, right = 1 - hung, purse(), purse()
    stuck = StuckCard(left, instruction)
    bench.readers.listen()
    with ExitStack() as hand:
        hand.enter_context(bench.hold(stuck.card, hung))
        hand.callback(stuck.let_go)
        assert stuck.is_stuck.wait(10)
        assert bench.until_hung(well).others_work
        for number in (1, 2):
            bench.sell(right, well, number)
        assert bench.health.empty()
    # What held it up has gone: it is well by itself, and sells.
    bench.until_well()
    bench.sell(left, hung, 3)
    bench.sell(right, well, 4)

    assert (spent_won(left), spent_won(right)) == (AMOUNT_WON, 3 * AMOUNT_WON)


@pytest.mark.parametrize("instruction", [Instruction.SELECT, Instruction.GET_STATE])
def test_the_other_sells_before_anybody_knows_that_one_hangs(
    bench: TwoReaders, instruction: Instruction
) -> None:
    left, right = purse(), purse()
    stuck = StuckCard(left, instruction)
    bench.readers.listen()
    with ExitStack() as hand:
        hand.enter_context(bench.hold(stuck.card, 0))
        hand.callback(stuck.let_go)
        assert stuck.is_stuck.wait(10)
        bench.clock.let_pass(MEET_S, NAMES[1])
        bench.sell(right, 1, 1)
        assert bench.health.empty()
    bench.sell(left, 0, 2)
    assert (spent_won(left), spent_won(right)) == (AMOUNT_WON, AMOUNT_WON)


def test_one_that_hangs_in_a_debit_tells_of_it_when_it_comes_back(bench: TwoReaders) -> None:
    left, right = purse(), purse()
    stuck = StuckCard(left, Instruction.DEBIT)
    bench.readers.listen()
    with ExitStack() as hand:
        hand.enter_context(bench.hold(stuck.card, 0))
        hand.callback(stuck.let_go)
        first = bench.next(CardPresented).session
        bench.readers.debit(first, AMOUNT_WON, request_hash(1))
        assert stuck.is_stuck.wait(10)
        assert bench.until_hung(1).others_work
        bench.readers.rest()
        bench.sell(right, 1, 2)

        stuck.let_go()
        late = bench.next(CardDebited)
        assert late.session == first
        assert verified(late.debit).request_hash == request_hash(1)
        bench.until_well()
        # Orders from in between are not for this card: it is not asked again, and is to leave.
        bench.next(CardOverstayed)
    bench.next(CardLeft)
    bench.sell(left, 0, 3)
    assert spent_won(left) == 2 * AMOUNT_WON


def test_a_tap_that_hangs_at_one_reader_is_finished_at_the_other(bench: TwoReaders) -> None:
    """A card that paid where the reader hung is read at the other: it says the same debit."""
    card = purse()
    stuck = StuckCard(card, Instruction.DEBIT)
    bench.readers.listen()
    with ExitStack() as hand:
        hand.enter_context(bench.hold(stuck.card, 0))
        hand.callback(stuck.let_go)
        bench.readers.debit(bench.next(CardPresented).session, AMOUNT_WON, request_hash(1))
        assert stuck.is_stuck.wait(10)
        bench.until_hung(1)
        with bench.hold(card, 1):
            again = bench.next(CardPresented)
            assert again.state.last_request_hash == request_hash(1)
            bench.readers.get_last(again.session)
            bench.readers.rest()
            bench.readers.release(again.session)
    assert spent_won(card) == AMOUNT_WON


@pytest.mark.parametrize(("first", "second"), [(0, 1), (1, 0)])
def test_a_tap_that_tore_at_one_reader_is_finished_at_the_other(
    bench: TwoReaders, first: int, second: int
) -> None:
    card = purse()
    torn = TearableCard(card, Tear(Instruction.DEBIT, Way.ANSWER, 70))
    bench.readers.listen()
    with bench.hold(torn, first):
        bench.readers.debit(bench.next(CardPresented).session, AMOUNT_WON, request_hash(1))
        bench.next(TapTorn)

    bench.sell(torn, second, 1)
    assert spent_won(card) == AMOUNT_WON


def test_a_card_that_comes_back_is_not_met_while_another_is_served(bench: TwoReaders) -> None:
    left, right = RecordingCard(purse()), purse()
    stuck = StuckCard(left, Instruction.GET_STATE)
    bench.readers.listen()
    with ExitStack() as hand:
        hand.enter_context(bench.hold(stuck.card, 0))
        hand.callback(stuck.let_go)
        assert stuck.is_stuck.wait(10)
        bench.until_hung(1)
        with bench.hold(right, 1):
            served = bench.next(CardPresented)
            stuck.let_go()
            bench.until_well()
            bench.readers.debit(served.session, AMOUNT_WON, request_hash(1))
            assert bench.next(CardDebited).session == served.session
            bench.readers.rest()
            bench.readers.release(served.session)
    assert spent_won(right) == AMOUNT_WON
    assert [said[1] for said, _ in left.exchanges] == [Instruction.SELECT, Instruction.GET_STATE]


def test_a_card_that_lay_there_while_another_paid_does_not_pay_next(bench: TwoReaders) -> None:
    payer, waiting = purse(), purse()
    bench.readers.listen()
    with ExitStack() as hands:
        paying = hands.enter_context(ExitStack())
        paying.enter_context(bench.hold(payer, 0))
        session = bench.next(CardPresented).session
        hands.enter_context(bench.hold(waiting, 1))
        bench.readers.debit(session, AMOUNT_WON, request_hash(1))
        bench.next(CardDebited)
        bench.readers.rest()
        bench.readers.release(session)
        paying.close()
        bench.next(CardLeft)

        bench.readers.listen()
        bench.next(CardOverstayed)
    bench.next(CardLeft)
    bench.sell(waiting, 1, 2)
    assert (spent_won(payer), spent_won(waiting)) == (AMOUNT_WON, AMOUNT_WON)


def test_a_reader_that_hangs_does_not_hold_up_the_end(
    bench: TwoReaders, caplog: pytest.LogCaptureFixture
) -> None:
    stuck = StuckCard(purse(), Instruction.SELECT)
    bench.readers.listen()
    with ExitStack() as hand:
        hand.enter_context(bench.hold(stuck.card, 0))
        hand.callback(stuck.let_go)
        assert stuck.is_stuck.wait(10)
        bench.watch.stop(timeout_s=0.5)
        left = [each.getMessage() for each in caplog.records if "left behind" in each.getMessage()]
        assert left == [f"{NAMES[0]} hangs; it is left behind"]
