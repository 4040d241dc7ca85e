"""The drill itself: a ledger, two counters, people with purses, and a line that goes down.

Makes everything that it needs in one directory, plays the plan, and hands over what it has seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from drivers.simulated.card_memory import VolatileMemory
from drivers.simulated.faults import Way as Direction
from drivers.simulated.phone import SimulatedPhone
from drivers.simulated.pty_scanner import PtyScanner
from drivers.simulated.purse_applet import PurseApplet
from kscoin.certificates import pin_trust
from kscoin.keys import SoftwareSigner
from kscoin.messages import Assurance, PurseCertificate
from kscoin.signed import claim
from ledger.book import FUND_ID
from ledger.server import LedgerServer
from pos_app.demo.ledger_side import NETWORK, LedgerSide, write_settings
from pos_app.demo.relay import Relay
from pos_app.demo.wallet import Wallet
from pos_app.rehearsal.books import read_journal, read_ledger
from pos_app.rehearsal.clock import DrillClock
from pos_app.rehearsal.counter import Counter, End, Told
from pos_app.rehearsal.plan import Plan, Sale, Way
from pos_app.rehearsal.process import DrillStuck, TillProcess
from pos_app.rehearsal.report import Report, Seen, report

# What a purse may hold (KSP/1 section 8).
_PURSE_WON: Final = 200_000
_WALLET_WON: Final = 5_000_000
# More than every clone of a drill can take.
_FUND_WON: Final = 1_000_000


class Story(Protocol):
    """Who is told what happens, as it happens."""

    def chapter(self, title: str) -> None: ...

    def line(self, text: str) -> None: ...

    def sold(self, sale: Sale, told: Told) -> None: ...


@dataclass(frozen=True, slots=True)
class _Shop:
    """A merchant's counter, and where its terminal keeps everything."""

    merchant_id: bytes
    terminal: Path
    counter: Counter


@dataclass(frozen=True, slots=True)
class _Purse:
    """A purse and the requests that it has signed debits for."""

    applet: PurseApplet
    charged: set[bytes] = field(default_factory=set)

    @property
    def purse_id(self) -> bytes:
        image = self.applet.image
        assert image is not None, "a purse of the drill is personalised"
        return claim(PurseCertificate, image.certificate).purse_id

    def note(self, request_hash: bytes) -> None:
        """Remember whether this request is the last that it has paid."""
        image = self.applet.image
        if image is not None and image.last is not None and image.last.request_hash == request_hash:
            self.charged.add(request_hash)


@dataclass(frozen=True, slots=True)
class _Town:
    """All that is there before the first sale."""

    side: LedgerSide
    server: LedgerServer
    relay: Relay
    clock: DrillClock
    shops: tuple[_Shop, ...]
    cards: tuple[_Purse, ...]
    phones: tuple[_Purse, ...]
    wallet: Wallet


def drill(plan: Plan, directory: Path, story: Story) -> Report:
    """Play the plan in an empty directory; return what it came to.

    Raises DrillStuck if a till did not do what it was waited for.
    """
    with _town(plan, directory, story) as town:
        told = _outages(plan, town, story)
        for shop in town.shops:
            shop.counter.till.stop()
        story.chapter("The books are read from outside")
        return report(_seen(town, tuple(told)))


@contextmanager
def _town(plan: Plan, directory: Path, story: Story) -> Iterator[_Town]:
    story.chapter("A town is made")
    clock = DrillClock()
    side = LedgerSide.open(directory / "ledger", clock.wall_s)
    side.ledger.treasury.issue(FUND_ID, _FUND_WON)
    with LedgerServer(side.ledger) as server, _relay(server.url) as relay:
        names = ["A"] if plan.clone_won is None else ["A", "B"]
        with PtyScanner(directory / "scanner") as scanner:
            shops = tuple(_shop(directory, name, side, relay, scanner, clock) for name in names)
            cards = tuple(_purse(side, Assurance.CARD_SECURE_ELEMENT) for _ in range(plan.cards))
            phones = tuple(_purse(side, Assurance.PHONE_SECURE_ELEMENT) for _ in range(plan.phones))
            wallet = side.new_wallet(SoftwareSigner.generate(), _WALLET_WON)
            story.line(f"{len(shops)} terminals enrolled, {len(cards)} cards, {len(phones)} phones")
            try:
                yield _Town(side, server, relay, clock, shops, cards, phones, wallet)
            finally:
                for shop in shops:
                    shop.counter.till.stop()
    side.ledger.close()


@contextmanager
def _relay(target_url: str) -> Iterator[Relay]:
    relay = Relay(target_url)
    try:
        yield relay
    finally:
        relay.close()


def _shop(
    directory: Path,
    name: str,
    side: LedgerSide,
    relay: Relay,
    scanner: PtyScanner,
    clock: DrillClock,
) -> _Shop:
    terminal, reader = directory / f"terminal-{name}", directory / f"reader-{name}"
    merchant_id = side.enrol_terminal(terminal, f"Drill shop {name}", f"drill {name}")
    # The second till has no scanner: two would fight for the one that there is.
    port = str(scanner.path) if name == "A" else "none"
    write_settings(
        terminal,
        ledger_url=relay.url,
        simulated_reader=str(reader),
        scanner=port,
        language="en",
        sound="off",
    )
    till = TillProcess(terminal).start()
    return _Shop(merchant_id, terminal, Counter(till, reader, scanner, clock))


def _purse(side: LedgerSide, assurance: Assurance) -> _Purse:
    return _Purse(side.new_purse(VolatileMemory(), _PURSE_WON, assurance))


def _outages(plan: Plan, town: _Town, story: Story) -> list[Told]:
    for shop in town.shops:
        shop.counter.till.await_screen(lambda seen: seen.connection == "online", "a whole line")
    told: list[Told] = []
    for sales in plan.outages:
        story.chapter("The line goes down")
        town.relay.cut()
        for sale in sales:
            told.append(_sell(sale, town))
            story.sold(sale, told[-1])
        if plan.clone_won is not None and sales[-1] is plan.sales[-1]:
            story.chapter("A cloned card goes round")
            told += _clone(plan.clone_won, town, story)
        _restored(town, story)
    return told


def _sell(sale: Sale, town: _Town) -> Told:
    counter = town.shops[0].counter
    match sale.way:
        case Way.PHONE:
            purse = town.phones[sale.purse]
            told = counter.sell_to_phone(sale.amount_won, SimulatedPhone(purse.applet))
        case Way.RECEIPT:
            return counter.sell_by_receipt(sale.amount_won, town.wallet, town.server.url)
        case _:
            purse = town.cards[sale.purse]
            told = _sell_to_card(sale, counter, purse.applet)
    purse.note(told.request_hash)
    return told


def _sell_to_card(sale: Sale, counter: Counter, card: PurseApplet) -> Told:
    amount_won = sale.amount_won
    match sale.way:
        case Way.TORN_PAID:
            return counter.sell_to_torn_card(amount_won, card, Direction.ANSWER)
        case Way.TORN_UNPAID:
            return counter.sell_to_torn_card(amount_won, card, Direction.COMMAND)
        case Way.ABANDONED:
            return counter.sell_to_card_that_walks_away(amount_won, card)
        case Way.KILLED_STORED | Way.KILLED_UNANSWERED:
            is_stored = sale.way is Way.KILLED_STORED
            return counter.sell_and_lose_power(amount_won, card, is_stored=is_stored)
        case _:
            return counter.sell_to_card(amount_won, card)


def _clone(amount_won: int, town: _Town, story: Story) -> Iterator[Told]:
    """The card pays; its clone, made before, tries at the same till and then at another."""
    here, elsewhere = (shop.counter for shop in town.shops)
    victim = town.cards[0]
    clone = _Purse(victim.applet.clone())
    steps: tuple[tuple[str, Callable[[], Told], _Purse], ...] = (
        ("its owner pays", lambda: here.sell_to_card(amount_won, victim.applet), victim),
        ("the clone at the same till", lambda: here.sell_to_card(amount_won, clone.applet), clone),
        ("at another till", lambda: elsewhere.sell_to_card(amount_won, clone.applet), clone),
    )
    for what, sell, purse in steps:
        told = sell()
        purse.note(told.request_hash)
        story.line(f"{what}: {_said(told)}")
        yield told


def _said(told: Told) -> str:
    return told.end.value if told.end is not End.REFUSED else f"refused ({told.code})"


def _restored(town: _Town, story: Story) -> None:
    story.chapter("The line is back")
    town.relay.restore()
    for shop in town.shops:
        try:
            shop.counter.sync()
        except DrillStuck as stuck:
            # What did not settle is for the report to count.
            story.line(f"{shop.terminal.name}: {stuck}")
        else:
            story.line(f"{shop.terminal.name}: everything is acknowledged")


def _seen(town: _Town, told: tuple[Told, ...]) -> Seen:
    side = town.side
    trust = pin_trust(side.ledger.published.trust(), side.authorities.roots[0], NETWORK)
    purses = [*town.cards, *town.phones]
    merchants = [shop.merchant_id for shop in town.shops]
    return Seen(
        told=told,
        charged=frozenset().union(*(purse.charged for purse in purses)),
        journals=tuple((shop.merchant_id, read_journal(shop.terminal)) for shop in town.shops),
        ledger=read_ledger(side.ledger, trust, merchants, [purse.purse_id for purse in purses]),
        tills_killed=sum(shop.counter.till.kills for shop in town.shops),
    )
