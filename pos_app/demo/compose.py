"""The demo put together: a ledger on loopback, a line that can be cut, a till, a customer."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Final, Self

from drivers.simulated.card_memory import FileMemory
from drivers.simulated.pty_scanner import PtyScanner
from drivers.simulated.purse_applet import PurseApplet
from drivers.simulated.socket_printer import SocketPrinter
from kscoin.keys import SoftwareSigner
from kscoin.messages import Assurance
from ledger.server import LedgerServer
from pos_app.compose import Terminal
from pos_app.demo.customer import Belongings, Customer
from pos_app.demo.ledger_side import LedgerSide, write_settings
from pos_app.demo.paper_tray import PaperTray
from pos_app.demo.relay import Relay
from pos_app.settings import load

SHOP: Final = "행복분식 Happy Noodles"
HARDWARE: Final = "demo"
# Ten digits of which the last one holds, and that belong to nobody: no tax office is 000.
BUSINESS_NUMBER: Final = "000-00-00000"
# What a purse may hold (KSP/1 section 8); it is loaded up to this at every start of the demo.
PURSE_WON: Final = 200_000
# Enough that nobody comes to its end by touching keys.
WALLET_WON: Final = 10_000_000
# Whoever restores the line wants to see it happen.
RETRY_CAP_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Demo:
    """Everything that runs in a demo. `terminal.runtime` and `customer` are what a window shows.

    `places` is a directory for the reader's socket and the scanner's port, gone at the end; what is
    printed falls into `slips`, and stays.
    """

    places: Path
    side: LedgerSide
    server: LedgerServer
    relay: Relay
    scanner: PtyScanner
    printer: SocketPrinter
    slips: PaperTray
    terminal: Terminal
    customer: Customer

    def start(self) -> Self:
        """Start the till and its customer; the ledger has been running since it was composed."""
        self.slips.start()
        self.terminal.runtime.watch(self.customer.see)
        self.terminal.start()
        self.customer.start()
        return self

    def stop(self) -> None:
        """End everything, the till first."""
        self.customer.stop()
        self.terminal.stop()
        self.slips.stop()
        self.printer.stop()
        self.scanner.unplug()
        self.relay.close()
        self.server.stop()
        self.side.ledger.close()
        shutil.rmtree(self.places, ignore_errors=True)


def compose_demo(
    data: Path, on_restart: Callable[[], None], settings: Mapping[str, str | bool]
) -> Demo:
    """Return a demo that keeps all it has in `data`; the first start makes it.

    `settings` are a terminal's own (`pos_app.settings`).
    """
    side = LedgerSide.open(data / "ledger")
    terminal = data / "terminal"
    if not (terminal / "certificate.cbor").exists():
        side.enrol_terminal(terminal, SHOP, HARDWARE)
    server = LedgerServer(side.ledger).start()
    relay = Relay(server.url)
    # A socket's path has at most 107 bytes (unix(7)), and `data` may be anywhere.
    places = Path(mkdtemp(prefix="ks-pos-demo-"))
    scanner, reader = PtyScanner(places / "scanner"), places / "reader"
    scanner.plug_in()
    printer = SocketPrinter()
    printer.start()
    write_settings(
        terminal,
        ledger_url=relay.url,
        simulated_reader=str(reader),
        scanner=str(scanner.path),
        printer=printer.name,
        drawer=True,
        business_number=BUSINESS_NUMBER,
        address="서울특별시 중구 남대문시장길 21",
        slip_footer="맛있게 드셨나요? 또 오세요.",
        **settings,
    )
    till = Terminal(load(terminal), on_restart, RETRY_CAP_S)
    belongings = _belongings(data / "customer", side, reader, scanner, server.url)
    customer = Customer(belongings, relay, till.look_at_line)
    slips = PaperTray(printer, data / "slips")
    return Demo(places, side, server, relay, scanner, printer, slips, till, customer)


def _belongings(
    directory: Path, side: LedgerSide, reader: Path, scanner: PtyScanner, ledger_url: str
) -> Belongings:
    directory.mkdir(mode=0o700, exist_ok=True)
    return Belongings(
        card=_purse(directory / "card", side, Assurance.CARD_SECURE_ELEMENT),
        phone=_purse(directory / "phone", side, Assurance.PHONE_SECURE_ELEMENT),
        wallet=side.new_wallet(SoftwareSigner.generate(), WALLET_WON),
        reader=reader,
        scanner=scanner,
        ledger_url=ledger_url,
    )


def _purse(path: Path, side: LedgerSide, assurance: Assurance) -> PurseApplet:
    memory = FileMemory(path)
    if memory.read() is None:
        return side.new_purse(memory, PURSE_WON, assurance)
    purse = PurseApplet(memory)
    side.top_up(purse, PURSE_WON)
    return purse
