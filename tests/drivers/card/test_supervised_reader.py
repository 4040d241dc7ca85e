"""A real reader on its own thread: pcscd is killed and comes back, and the till need not know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Final

import pytest

from drivers.card.pcsc import PcscReader
from drivers.card.tap import CardDebited, CardPresented, TapReport, TapWorker
from drivers.errors import DeviceUnavailable
from drivers.simulated.vpcd import HeldCard
from drivers.supervisor import DeviceHealth, Supervisor
from tests.drivers.purses import purse, request_hash, verified
from tests.stacks.pcsc import READER_NAME, PcscDaemon
from tests.stacks.ports import LOOPBACK

# One process has the card daemon: where it cannot have a /run of its own there is only one.
pytestmark = pytest.mark.xdist_group("pcscd")

BACK_TIMEOUT_S: Final = 20.0
"""It is back within five seconds, as test_troubles.py counts; a busy machine gets time."""


class AtWork:
    """A reader at work, and what its worker has told."""

    def __init__(self) -> None:
        self.health: SimpleQueue[DeviceHealth] = SimpleQueue()
        self.reports: SimpleQueue[TapReport] = SimpleQueue()
        self.worker = TapWorker(PcscReader(READER_NAME), self.reports.put)
        self.supervisor = Supervisor(self.worker, self.health.put)

    def next_health(self) -> DeviceHealth:
        return self.health.get(timeout=BACK_TIMEOUT_S)

    def next_report(self) -> TapReport:
        return self.reports.get(timeout=BACK_TIMEOUT_S)


@contextmanager
def at_work() -> Iterator[AtWork]:
    working = AtWork()
    working.supervisor.start()
    try:
        yield working
    finally:
        working.supervisor.stop()


def test_a_killed_pcscd_is_told_once_and_the_reader_comes_back(virtual_pcscd: PcscDaemon) -> None:
    with at_work() as working:
        assert working.next_health().error is None
        working.worker.listen()

        virtual_pcscd.kill()
        assert isinstance(working.next_health().error, DeviceUnavailable)
        virtual_pcscd.start()
        healths = [working.next_health()]
        while healths[-1].error is not None:
            healths.append(working.next_health())

        # The first look may come before pcscd has found its readers.
        assert len(healths) <= 2
        with HeldCard(purse(), (LOOPBACK, virtual_pcscd.port)):
            presented = working.next_report()
            assert isinstance(presented, CardPresented)
            working.worker.debit(presented.session, 12_300, request_hash(1))
            debited = working.next_report()
            assert isinstance(debited, CardDebited)
            assert verified(debited.debit).amount_won == 12_300
