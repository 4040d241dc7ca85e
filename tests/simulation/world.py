"""One world, from its seed: who is in it, and what happens at each step.

chance ─► action ─► the real terminal, the real ledger ─► checks
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final
from unittest.mock import patch

from kscoin.policy import start_policy
from offline_queue.errors import LedgerError, NotGivenBack
from offline_queue.values import OpenRequest, StoredPayment
from tests.offline_queue.shop import MEMORY
from tests.simulation import sales
from tests.simulation.checks import Checks, JournalWatch
from tests.simulation.clocks import TerminalClock, TrueTime
from tests.simulation.fuses import PowerCut
from tests.simulation.ledger_house import LedgerHouse
from tests.simulation.line import Line
from tests.simulation.mould import HOLDER_WON, START_S, drawn_from, mould
from tests.simulation.purses import Purse
from tests.simulation.sales import Counter, Wallet
from tests.simulation.terminal import Terminal

_HOUR_S: Final = 3_600
# In every second world somebody has a cloned card from the first hour.
_CLONED_FROM_THE_START: Final = 0.5
_VOIDS: Final = 0.4
# So few that a world of days has archives; a till's has two thousand.
_ARCHIVE_ENTRIES: Final = 10
_LOADS_WON: Final = (20_000, 60_000, 120_000)


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything there is at most; the seed draws how much there really is."""

    terminals: int
    purses: int
    steps: int


SMALL: Final = Size(terminals=2, purses=3, steps=60)
LARGE: Final = Size(terminals=4, purses=8, steps=700)


class SimulationFailed(AssertionError):
    """Raised when something does not hold; says how to see it again."""


class World:
    """A town that is played to its end by `play`."""

    def __init__(self, seed: int, size: Size, place: Path) -> None:
        self.chance = Random(seed)
        self.seed = seed
        self.steps = self.chance.randint(size.steps // 2, size.steps)
        self.told: list[str] = []
        self.time = TrueTime(START_S)
        self.house = LedgerHouse(mould(), self.time)
        self.line = Line(self.house, self.chance)
        self.terminals = tuple(
            self._terminal(at, place) for at in range(self.chance.randint(2, size.terminals))
        )
        self.purses = [
            Purse.new(f"purse {at}", mould().purses[at])
            for at in range(self.chance.randint(2, size.purses))
        ]
        self.checks = Checks(
            self.house,
            {each.terminal_id: JournalWatch(each) for each in self.terminals},
            tuple(purse.line for purse in self.purses),
            holder_won=HOLDER_WON,
        )
        self.wallet = Wallet(self.house, mould().wallet, mould().wallet_id, self._paid_online)
        self.approved_count = 0
        self._sales: dict[str, Iterator[None]] = {}
        self._policy_version = 1

    @property
    def digest(self) -> str:
        """What happened, in sixteen digits: the same for the same seed."""
        return hashlib.sha256("\n".join(self.told).encode()).hexdigest()[:16]

    def play(self) -> None:
        """Play all steps, let everything settle, and check everything."""
        for purse in tuple(self.purses):
            self._load(purse)
        if self.chance.random() < _CLONED_FROM_THE_START:
            self._clone(self.terminals[0])
        for terminal in self.terminals:
            self._start(terminal)
        for _ in range(self.steps):
            self.step()
        self._settle_down()
        self.checks.at_the_end(mould())

    def step(self) -> None:
        """Let some time go by and something happen; then check."""
        self.time.pass_s(self.chance.choice((0, 0, 1, 3, 10)))
        weights = [weight for _, weight in self._actions]
        action = self.chance.choices(self._actions, weights)[0][0]
        terminal = self.chance.choice(self.terminals)
        self._survive(lambda: action(terminal))
        self._survive(lambda: self.checks.after_step(terminal))

    # --- what can happen --------------------------------------------------------------------

    @property
    def _actions(self) -> list[tuple[Callable[[Terminal], None], int]]:
        return [
            (self._sell, 130),
            (self._sync, 22),
            (self._start_again, 25),
            (self._cut_power, 2),
            (self._light_fuse, 5),
            (self._deliver, 6),
            (self._set_clock, 2),
            (self._let_hours_pass, 5),
            (self._change_line, 5),
            (self._tidy, 4),
            (self._give_back, 10),
            (self._close_day, 3),
            (self._load_some, 6),
            (self._clone, 2),
            (self._restart_ledger, 1),
            (self._light_ledger, 2),
            (self._new_policy, 2),
            (self._revoke, 1),
        ]

    def _sell(self, terminal: Terminal) -> None:
        """Take a sale one step further; start one if there is none."""
        if terminal.queue is None:
            return
        sale = self._sales.get(terminal.name) or self._new_sale(terminal)
        self._sales[terminal.name] = sale
        if next(sale, _OVER) is _OVER:
            del self._sales[terminal.name]

    def _new_sale(self, terminal: Terminal) -> Iterator[None]:
        counter = Counter(terminal, self.chance, self._approved, self.say)
        purse = self.chance.choice(self.purses)
        amount_won = self.chance.choice((700, 4_300, 9_900, 25_000, 50_000))
        self.say(f"{terminal.name} asks {purse.name} for {amount_won:,} won")
        way = self.chance.choices(("card", "phone", "wallet"), (60, 30, 10))[0]
        if way == "card":
            return sales.by_card(counter, purse, amount_won)
        if way == "phone":
            return sales.by_phone(counter, purse, amount_won)
        return sales.by_wallet(counter, self.wallet, purse, amount_won)

    def _sync(self, terminal: Terminal) -> None:
        if terminal.queue is not None:
            self.say(f"{terminal.name} syncs")
            terminal.turn()

    def _give_back(self, terminal: Terminal) -> None:
        """Take a payment back, or part of it."""
        watch = self.checks.watches[terminal.terminal_id]
        paid = [each.request_hash for each in watch.payments.values()]
        paid += watch.receipts.values()
        if terminal.queue is None or not paid:
            return
        request_hash = self.chance.choice(paid)
        amount_won = self.chance.randint(1, watch.asked[request_hash])
        try:
            if self.chance.random() < _VOIDS:
                stored = terminal.queue.void(request_hash, "simulated").result()
            else:
                stored = terminal.queue.refund(request_hash, amount_won, "simulated").result()
        except NotGivenBack as error:
            self.say(f"{terminal.name} gives nothing back: {error.code}")
            return
        self.say(f"{terminal.name} gives back {stored.amount_won:,} won")
        watch.look(self.house)
        assert watch.given_back[stored.sequence] == (request_hash, stored.amount_won)

    def _close_day(self, terminal: Terminal) -> None:
        """Close the day; its sums are those of the entries since the last close."""
        if terminal.queue is None:
            return
        watch = self.checks.watches[terminal.terminal_id]
        number = terminal.queue.x_report().result().close.number
        report = terminal.queue.close_day(number).result()
        first, last = report.first_sequence, report.close.last_sequence
        taken_won = watch.taken_won(first, last)
        self.say(f"{terminal.name} closes day {number}: {report.taken.won:,} won")
        assert report.taken.won == taken_won, f"the day took {taken_won}"

    def _tidy(self, terminal: Terminal) -> None:
        if terminal.queue is not None:
            terminal.queue.tidy()

    def _start_again(self, terminal: Terminal) -> None:
        if terminal.queue is None:
            self._start(terminal)

    def _cut_power(self, terminal: Terminal) -> None:
        if terminal.queue is not None:
            raise PowerCut(terminal)

    def _light_fuse(self, terminal: Terminal) -> None:
        terminal.fuse.light(self.chance.randint(1, 30))

    def _light_ledger(self, _terminal: Terminal) -> None:
        self.house.fuse.light(self.chance.randint(1, 4))

    def _deliver(self, _terminal: Terminal) -> None:
        if self.line.deliver_one():
            self.say("something arrives late")

    def _set_clock(self, terminal: Terminal) -> None:
        wrong_s = self.chance.choice((0, 0, 30, -90, -4_000_000, 40 * _HOUR_S, -20 * _HOUR_S))
        self.say(f"the clock of {terminal.name} is off by {wrong_s} s")
        terminal.clock.wrong_s = wrong_s

    def _let_hours_pass(self, _terminal: Terminal) -> None:
        hours = self.chance.choice((1, 2, 8, 15))
        self.say(f"{hours} hours go by")
        self.time.pass_s(hours * _HOUR_S)

    def _change_line(self, _terminal: Terminal) -> None:
        self.line.is_up = not self.line.is_up
        self.say("the line is back" if self.line.is_up else "the line is down")

    def _load_some(self, _terminal: Terminal) -> None:
        self._load(self.chance.choice(self.purses))

    def _clone(self, _terminal: Terminal) -> None:
        purse = self.chance.choice(self.purses)
        self.say(f"{purse.name} is cloned")
        self.purses.append(purse.clone())

    def _restart_ledger(self, _terminal: Terminal) -> None:
        self.say("the ledger starts again")
        self.house.restart()

    def _new_policy(self, _terminal: Terminal) -> None:
        self._policy_version += 1
        policy = replace(
            start_policy(self._policy_version, self.time.now_s),
            unsettled_max_won=self.chance.choice((60_000, 300_000, 3_000_000)),
            unsettled_max_count=self.chance.choice((4, 20, 300)),
            purse_day_max_won=self.chance.choice((50_000, 100_000)),
            purse_day_max_count=self.chance.choice((2, 5)),
        )
        self.say(f"policy {self._policy_version}: {policy.unsettled_max_won:,} won may wait")
        self.house.put_policy(policy)

    def _revoke(self, terminal: Terminal) -> None:
        if len(self.checks.revoked) + 1 < len(self.terminals) and self.chance.random() < 0.2:
            self.say(f"{terminal.name} is revoked")
            self.checks.revoked.add(terminal.terminal_id)
            self.house.ledger.terminals.revoke(terminal.terminal_id)

    # --- what comes of it -------------------------------------------------------------------

    def say(self, what: str) -> None:
        """Tell something that happens."""
        days, seconds = divmod(self.time.now_s - START_S, 24 * _HOUR_S)
        hours, seconds = divmod(seconds, _HOUR_S)
        self.told.append(f"day {days} {hours:02}:{seconds // 60:02}:{seconds % 60:02}  {what}")

    def _approved(self, terminal: Terminal, stored: StoredPayment) -> None:
        self.say(f"{terminal.name} approves {stored.amount_won:,} won, entry {stored.sequence}")
        self.approved_count += 1
        self.checks.watches[terminal.terminal_id].told(stored, self.house)

    def _paid_online(self, request: OpenRequest) -> None:
        message = request.signed.message
        paid = (message.terminal_id, request.request_hash)
        self.checks.online[paid] = message.amount_won
        self.say(f"a wallet has paid {message.amount_won:,} won")

    def _survive(self, doing: Callable[[], None]) -> None:
        """Do something; whoever loses power over it has lost it."""
        try:
            doing()
        except PowerCut as cut:
            if isinstance(cut.owner, Terminal):
                self.say(f"{cut.owner.name} loses power")
                self._sales.pop(cut.owner.name, None)
                cut.owner.lose_power()
            else:
                self.say("the ledger loses power")
                self.house.restart()

    def _start(self, terminal: Terminal) -> None:
        self.say(f"{terminal.name} starts")
        recovery = terminal.start()
        watch = self.checks.watches[terminal.terminal_id]
        watch.look_again()
        if recovery.last_payment is not None:
            self._approved(terminal, recovery.last_payment)

    def _load(self, purse: Purse) -> None:
        amount_won = self.chance.choice(_LOADS_WON)
        self.house.is_touched = True
        try:
            certificate = self.house.asked(
                lambda: self.house.ledger.purses.load(purse.line.purse_id, amount_won)
            )
        except LedgerError as error:
            self.say(f"{purse.name} is not loaded: {error}")
            return
        self.say(f"{purse.name} is loaded with {amount_won:,} won")
        purse.held().load(certificate.data)

    def _settle_down(self) -> None:
        """Everything works from now on, and everybody has time."""
        self.say("the weather is calm")
        self._sales.clear()
        self.line.is_calm = True
        self.house.fuse.put_out()
        while self.line.deliver_one():
            pass
        for _ in range(2):
            self.time.pass_s(2 * _HOUR_S)
            for terminal in self.terminals:
                terminal.fuse.put_out()
                if terminal.queue is None:
                    self._start(terminal)
                terminal.turn()
                self.checks.adds_up(self.checks.watches[terminal.terminal_id])

    def _terminal(self, at: int, place: Path) -> Terminal:
        clock = TerminalClock(self.time, self.chance)
        return Terminal(f"till-{'ABCD'[at]}", mould().terminals[at], place, clock, self.line)


# What an exhausted sale answers.
_OVER: Final = object()


def play(seed: int, size: Size = SMALL) -> World:
    """Play the world of a seed; raises SimulationFailed, which says how to play it again."""
    with drawn_from(seed), _in_small(), TemporaryDirectory(dir=MEMORY) as place:
        world = World(seed, size, Path(place))
        try:
            world.play()
        except Exception as exc:
            raise SimulationFailed(_report(world, size, exc)) from exc
        return world


@contextmanager
def _in_small() -> Iterator[None]:
    """Archive early, and spare each start of the ledger a long look at its migrations."""
    with (
        patch("ledger.service.require_current", lambda store: store),
        patch("offline_queue.journal.ARCHIVE_ENTRIES", _ARCHIVE_ENTRIES),
    ):
        yield


def _report(world: World, size: Size, exc: Exception) -> str:
    large = " --large" if size is LARGE else ""
    told = "\n".join(f"  {line}" for line in world.told[-25:])
    return (
        f"seed {world.seed} fails: {type(exc).__name__}: {exc}\n{told}\n"
        f"again: .venv/bin/python -m tests.simulation --seed {world.seed}{large}"
    )
