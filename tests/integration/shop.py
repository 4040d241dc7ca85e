"""A shop as a customer meets it: a whole terminal beside a real ledger over HTTP.

The terminal is composed from a directory as enrolment writes it; between it and the ledger is a
line that can really be cut. Knows nothing of what a test does with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drivers.errors import DeviceNotFound
from drivers.simulated.card_memory import VolatileMemory
from drivers.simulated.faults import Card
from drivers.simulated.purse_applet import PurseApplet
from drivers.simulated.vpcd import HeldCard
from kscoin.keys import SoftwareSigner
from kscoin.messages import Assurance, PurseCertificate, TerminalCertificate
from kscoin.signed import claim
from ledger.server import LedgerServer
from offline_queue.audit import JournalReport, verify_journal
from offline_queue.terminal import CERTIFICATE_FILE
from pos_app.demo.ledger_side import LedgerSide, write_settings
from pos_app.demo.relay import Relay
from pos_app.demo.wallet import Wallet
from pos_app.settings import JOURNAL_FILE
from pos_app.till.status import Connection
from tests.integration.till import WAIT_S, Till, running_till
from tests.stacks.serial_port import AwaitedScanner
from tests.stacks.waiting import wait_until

SHOP: Final = "행복마트"
LOADED_WON: Final = 100_000


@dataclass(frozen=True, slots=True)
class Node:
    """A running ledger, what its operator may know, and the customers whom it serves."""

    side: LedgerSide
    url: str

    def card(self, assurance: Assurance = Assurance.CARD_SECURE_ELEMENT) -> PurseApplet:
        """A customer's purse with `LOADED_WON` on it."""
        return self.side.new_purse(VolatileMemory(), LOADED_WON, assurance)

    def wallet(self) -> Wallet:
        """A customer's wallet that pays online."""
        return self.side.new_wallet(SoftwareSigner.generate(), LOADED_WON)

    def left_won(self, purse: PurseApplet) -> int:
        """What the ledger has for the purse and its holder together."""
        ledger, purse_id = self.side.ledger, purse_id_of(purse)
        holder_id = ledger.purses.get(purse_id).holder_id
        return (
            ledger.accounts.get(purse_id).balance_won + ledger.accounts.get(holder_id).balance_won
        )

    def assert_books_balance(self) -> None:
        assert self.side.ledger.books.audit().findings == ()
        assert self.side.ledger.books.supply().difference_won == 0


@contextmanager
def running_node(directory: Path) -> Iterator[Node]:
    """A fresh ledger that serves on loopback for the length of a `with` block."""
    side = LedgerSide.open(directory)
    try:
        with LedgerServer(side.ledger) as server:
            yield Node(side, server.url)
    finally:
        side.ledger.close()


@dataclass(frozen=True, slots=True)
class Shop:
    """An enrolled terminal in its directory, its line to the ledger, and what is held to it."""

    node: Node
    directory: Path
    merchant_id: bytes
    line: Relay
    scanner: AwaitedScanner

    @property
    def reader(self) -> Path:
        """The socket of the simulated card reader."""
        return self.directory.with_name("reader")

    @property
    def terminal_id(self) -> bytes:
        data = (self.directory / CERTIFICATE_FILE).read_bytes()
        return claim(TerminalCertificate, data).terminal_id

    @property
    def booked_won(self) -> int:
        """What the ledger has booked to the merchant."""
        return self.node.side.ledger.merchants.balance_won(self.merchant_id)

    def set_up(self, **chosen: str | bool) -> None:
        """Write the settings again: the terminal's own, and those that are chosen."""
        own: dict[str, str | bool] = {
            "ledger_url": self.line.url,
            "simulated_reader": str(self.reader),
            "scanner": str(self.scanner.path),
        }
        write_settings(self.directory, **{**own, **chosen})

    def journal(self) -> JournalReport:
        """What the journal on the disk holds, all of it proven from the outside."""
        return verify_journal(self.directory / JOURNAL_FILE, self.terminal_id)

    @contextmanager
    def running_till(self) -> Iterator[Till]:
        """The terminal, started, for the length of a `with` block."""
        with running_till(self.directory) as till:
            try:
                yield till
            finally:
                # A question that waits on the ledger ends with the line, not seconds later.
                self.line.cut()

    def hold(self, card: Card) -> HeldCard:
        """Hold a card to the simulated reader, as soon as that is ready."""
        held: list[HeldCard] = []

        def is_held() -> bool:
            with suppress(DeviceNotFound):
                held.append(HeldCard(card, self.reader))
            return bool(held)

        wait_until(is_held, WAIT_S, "the reader is ready")
        return held[0]


@contextmanager
def open_shop(node: Node, directory: Path) -> Iterator[Shop]:
    """A new merchant's terminal in `directory`, as enrolment leaves it; its line is whole."""
    terminal = directory / "terminal"
    merchant_id = node.side.enrol_terminal(terminal, SHOP, "test bench")
    line = Relay(node.url)
    with AwaitedScanner(directory / "scanner") as scanner:
        shop = Shop(node, terminal, merchant_id, line, scanner)
        shop.set_up()
        yield shop
    line.close()


@contextmanager
def card_shop(node: Node, directory: Path, reader: str) -> Iterator[Shop]:
    """A new merchant's terminal that is no demo: its card reader is one behind pcscd."""
    with open_shop(node, directory) as shop:
        shop.set_up(card_reader=reader, simulated_reader="", scanner="none", demo=False)
        yield shop


@contextmanager
def offline_shop(node: Node, directory: Path) -> Iterator[tuple[Shop, Till]]:
    """A new merchant's terminal that runs and has found out that its line is cut."""
    with open_shop(node, directory) as shop:
        shop.line.cut()
        with shop.running_till() as till:
            till.wait_for_line(Connection.OFFLINE)
            yield shop, till


def purse_id_of(purse: PurseApplet) -> bytes:
    assert purse.image is not None, "a customer's purse is personalised"
    return claim(PurseCertificate, purse.image.certificate).purse_id
