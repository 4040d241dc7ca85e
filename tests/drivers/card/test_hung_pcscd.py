"""A pcscd that hangs: which threads go on, who is told, and what comes back when it goes on.

It is frozen before a call, in a wait for a card, in the middle of a DEBIT. What is measured here is
why a reader has a thread and no process (decision 20).
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from queue import SimpleQueue
from threading import Event, Thread
from typing import Final

import pytest

from drivers.card.apdu import Instruction
from drivers.card.pcsc import PcscConnection, PcscReader, reader_names
from drivers.card.tap import (
    CardDebited,
    CardLeft,
    CardLost,
    CardPresented,
    TapReport,
    TapTorn,
    TapWorker,
)
from drivers.errors import CardMute, DeviceHung, DeviceUnavailable, NextStep
from drivers.simulated.faults import Card
from drivers.simulated.vpcd import HeldCard
from drivers.supervisor import DeviceHealth, Supervisor
from tests.drivers.purses import AMOUNT_WON, purse, request_hash, verified
from tests.stacks.pcsc import READER_NAME, PcscDaemon
from tests.stacks.ports import LOOPBACK
from tests.stacks.waiting import wait_until

pytestmark = pytest.mark.xdist_group("pcscd")

BACK_TIMEOUT_S: Final = 20.0
"""It is back within five seconds, as test_troubles.py counts; a busy machine gets time."""

HUNG_FOR_S: Final = 0.2
"""Two polls of a worker: long enough to see that a call does not come back."""

GUARD_S: Final = 20
"""A call that held Python's lock would hang this test too: another process thaws pcscd then."""

SELECT_NOTHING: Final = bytes.fromhex("00A40400")


class PassingClock:
    """Monotonic seconds, and as many more as a test lets pass."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.passed_s


class AtWork:
    """A supervised reader at work, and what it has told."""

    def __init__(self, reader: str = READER_NAME) -> None:
        self.health: SimpleQueue[DeviceHealth] = SimpleQueue()
        self.reports: SimpleQueue[TapReport] = SimpleQueue()
        self.clock = PassingClock()
        self.worker = TapWorker(PcscReader(reader), self.reports.put)
        self.supervisor = Supervisor(self.worker, self.health.put, clock=self.clock)

    def until_well(self) -> list[str]:
        """Return the codes of what is told until the reader is well."""
        codes = []
        while (error := self.health.get(timeout=BACK_TIMEOUT_S).error) is not None:
            codes.append(error.code)
        return codes

    def until_hung(self) -> DeviceHung:
        """Let time pass until the reader is told of as hanging."""
        wait_until(self._looks_hung, BACK_TIMEOUT_S, "the reader is told of as hanging")
        told = self.health.get().error
        assert isinstance(told, DeviceHung)
        return told

    def _looks_hung(self) -> bool:
        self.clock.passed_s += 1
        self.supervisor.look()
        return not self.health.empty()

    def next_report(self) -> TapReport:
        return self.reports.get(timeout=BACK_TIMEOUT_S)

    def presented(self) -> CardPresented:
        # What became of the card before comes first: it left, or was listed and is lost.
        while not isinstance(report := self.next_report(), CardPresented):
            assert isinstance(report, (CardLost, CardLeft))
        return report


@contextmanager
def at_work(reader: str = READER_NAME) -> Iterator[AtWork]:
    working = AtWork(reader)
    working.supervisor.start()
    try:
        assert working.until_well() == []
        working.worker.listen()
        yield working
    finally:
        working.supervisor.stop()


class ActsAtDebit:
    """A purse card that lets something happen when DEBIT has reached it, before it answers."""

    def __init__(self, card: Card, act: Callable[[], object]) -> None:
        self._card = card
        self._act = act

    def reset(self) -> None:
        self._card.reset()

    def process(self, command: bytes) -> bytes:
        if command[1] == Instruction.DEBIT:
            self._act()
        return self._card.process(command)


def assert_paid_once(report: TapReport) -> None:
    assert isinstance(report, CardDebited)
    assert verified(report.debit).spent_total_won == AMOUNT_WON


@contextmanager
def thawed_at_last(daemon: PcscDaemon) -> Iterator[None]:
    """Have pcscd go on after the block, and in any case after `GUARD_S`."""
    assert daemon.pid is not None
    guard = subprocess.Popen(["sh", "-c", f"sleep {GUARD_S}; kill -CONT {daemon.pid}"])
    try:
        yield
    finally:
        daemon.thaw()
        guard.kill()
        guard.wait()


def met(reader: PcscReader) -> PcscConnection:
    # pcscd may still list the card of the test before, which is gone when it is to be met.
    deadline_s = time.monotonic() + BACK_TIMEOUT_S
    while time.monotonic() < deadline_s:
        if (connection := reader.wait_for_card(BACK_TIMEOUT_S)) is not None:
            return connection
    raise AssertionError("no card came")


def establishing(reader: PcscReader) -> Callable[[], object]:
    return reader.open


def listing(reader: PcscReader) -> Callable[[], object]:
    return reader_names


def waiting_for_removal(reader: PcscReader) -> Callable[[], object]:
    return lambda: reader.wait_for_removal(0.1)


def meeting(reader: PcscReader) -> Callable[[], object]:
    return lambda: met(reader).close()


def transmitting(reader: PcscReader) -> Callable[[], object]:
    connection = met(reader)

    def transmit() -> None:
        # vpcd gives an exchange up when pcscd goes on in the middle of it.
        with closing(connection), suppress(CardMute):
            connection.transmit(SELECT_NOTHING)

    return transmit


def letting_go_of_a_card(reader: PcscReader) -> Callable[[], object]:
    return met(reader).close


def letting_go_of_the_reader(reader: PcscReader) -> Callable[[], object]:
    return reader.close


@pytest.mark.parametrize(
    "prepared",
    [
        establishing,
        listing,
        waiting_for_removal,
        meeting,
        transmitting,
        letting_go_of_a_card,
        letting_go_of_the_reader,
    ],
)
def test_a_call_that_hangs_holds_up_no_other_thread_and_ends_with_its_cause(
    virtual_pcscd: PcscDaemon, prepared: Callable[[PcscReader], Callable[[], object]]
) -> None:
    reader = PcscReader(READER_NAME)
    reader.open()
    with HeldCard(purse(), (LOOPBACK, virtual_pcscd.port)):
        met(reader).close()
        call = prepared(reader)
        with thawed_at_last(virtual_pcscd):
            virtual_pcscd.freeze()
            hanging = Thread(target=call, daemon=True)
            hanging.start()
            hanging.join(HUNG_FOR_S)
            # We run, and it does not come back: the call has let go of Python's lock.
            assert hanging.is_alive()
        hanging.join(BACK_TIMEOUT_S)
        assert not hanging.is_alive()
    reader.close()


def test_a_hung_pcscd_is_told_once_and_the_reader_is_well_when_it_goes_on(
    virtual_pcscd: PcscDaemon, caplog: pytest.LogCaptureFixture
) -> None:
    with at_work() as working, thawed_at_last(virtual_pcscd):
        virtual_pcscd.freeze()
        told = working.until_hung()
        working.supervisor.look()
        working.supervisor.look()
        assert working.health.empty()
        assert told.device.startswith(READER_NAME)
        assert told.next_step is NextStep.PLUG_IN_AGAIN

        virtual_pcscd.thaw()
        assert working.until_well() == []
        with HeldCard(purse(), (LOOPBACK, virtual_pcscd.port)):
            working.presented()
    assert sum("no sign of life" in record.getMessage() for record in caplog.records) == 1


def test_a_hung_pcscd_that_is_killed_and_restarted_is_a_reader_that_comes_back(
    virtual_pcscd: PcscDaemon,
) -> None:
    with at_work() as working:
        virtual_pcscd.freeze()
        working.until_hung()
        virtual_pcscd.kill()
        virtual_pcscd.start()

        codes = working.until_well()
        assert codes[0] == "service_down"
        with HeldCard(purse(), (LOOPBACK, virtual_pcscd.port)):
            working.presented()


def test_a_debit_whose_reader_hangs_is_made_once_when_it_goes_on(
    virtual_pcscd: PcscDaemon,
) -> None:
    applet, address = purse(), (LOOPBACK, virtual_pcscd.port)
    with at_work() as working:
        with HeldCard(ActsAtDebit(applet, virtual_pcscd.freeze), address):
            working.worker.debit(working.presented().session, AMOUNT_WON, request_hash(1))
            with thawed_at_last(virtual_pcscd):
                working.until_hung()
                assert working.reports.empty()
            after = working.next_report()
        # vpcd may give the exchange up when it goes on; the card has paid all the same.
        assert isinstance(after, (CardDebited, TapTorn))
        assert isinstance(after, CardDebited) or after.error.money_may_have_moved
        assert working.until_well() == []

        with HeldCard(applet, address):
            working.worker.debit(working.presented().session, AMOUNT_WON, request_hash(1))
            assert_paid_once(working.next_report())


def test_a_debit_whose_pcscd_hangs_and_is_killed_is_torn(virtual_pcscd: PcscDaemon) -> None:
    applet, address = purse(), (LOOPBACK, virtual_pcscd.port)
    with at_work() as working:
        with HeldCard(ActsAtDebit(applet, virtual_pcscd.freeze), address):
            session = working.presented().session
            working.worker.debit(session, AMOUNT_WON, request_hash(1))
            working.until_hung()
            virtual_pcscd.kill()
            torn = working.next_report()
        assert isinstance(torn, TapTorn)
        assert torn.error.money_may_have_moved
        assert isinstance(torn.error.__cause__, DeviceUnavailable)

        virtual_pcscd.start()
        working.until_well()
        with HeldCard(applet, address):
            again = working.presented()
            working.worker.debit(again.session, AMOUNT_WON, request_hash(1))
            assert_paid_once(working.next_report())


def test_a_card_that_hangs_one_reader_does_not_hang_the_other(virtual_pcscd: PcscDaemon) -> None:
    let_go = Event()
    first, second = ((LOOPBACK, virtual_pcscd.port + slot) for slot in range(2))
    with (
        at_work(f"{READER_NAME} 00 00") as stuck,
        at_work(f"{READER_NAME} 00 01") as free,
        HeldCard(ActsAtDebit(purse(), let_go.wait), first),
    ):
        stuck.worker.debit(stuck.presented().session, AMOUNT_WON, request_hash(1))
        stuck.until_hung()

        with HeldCard(purse(), second):
            free.worker.debit(free.presented().session, AMOUNT_WON, request_hash(2))
            assert_paid_once(free.next_report())
        assert free.health.empty()

        let_go.set()
        assert_paid_once(stuck.next_report())
        assert stuck.until_well() == []
