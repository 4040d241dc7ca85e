"""A machine becomes a terminal of a ledger in another process, and takes a payment with it.

Every program is its own process: `ks-ledger serve`, the operator's `ks-ledger`, `ks-field enrol`.
The till runs from nothing but the directory that enrolment wrote, with and without a window.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any, Final
from urllib.request import Request, urlopen

import pytest

from drivers.simulated.phone import SimulatedPhone
from drivers.simulated.purse_applet import PurseApplet
from kscoin.certificates import Trust
from kscoin.entries import EntryKind
from kscoin.keys import PublicKey, SoftwareSigner
from kscoin.messages import Purpose
from offline_queue.journal import Journal
from offline_queue.rulebook import Rulebook
from pos_app import settings
from pos_app.compose import Terminal
from pos_app.on_screen import EXIT_VARIABLE
from pos_app.till.presses import Press
from pos_app.till.status import Connection
from pos_app.till.views import PayView, ResultView, SellView, View
from tests.integration.ledger_process import (
    COMMAND_TIMEOUT_S,
    NETWORK,
    SHOP,
    LedgerProcess,
    ledger_process,
    program,
)
from tests.stacks.display import VirtualDisplay
from tests.stacks.serial_port import AwaitedScanner

AMOUNT_WON: Final = 7_000
LOADED_WON: Final = 50_000
VIEW_TIMEOUT_S: Final = 30.0
"""Each view is there within a second on an idle PC."""


@dataclass(frozen=True, slots=True)
class Shop:
    """A merchant of a running ledger, and a machine that is to be one of its terminals."""

    ledger: LedgerProcess
    merchant_id: str
    directory: Path

    @property
    def terminal_ids(self) -> list[str]:
        listed = self.ledger.operator("terminals", "list", self.merchant_id)["terminals"]
        return [each["terminal_id"] for each in listed]

    @property
    def balance_won(self) -> int:
        listed = self.ledger.operator("merchants", "list")["merchants"]
        balances = {each["merchant_id"]: each["balance_won"] for each in listed}
        return int(balances[self.merchant_id])

    def enrolment(self, code: str, url: str) -> list[str]:
        where = ("--ledger", url, "--terminal", str(self.directory))
        return program(
            "firmware_tools.cli", "enrol", code, *where, "--root", self.ledger.root, "--json"
        )

    def enrol(self, code: str) -> dict[str, Any]:
        command = self.enrolment(code, self.ledger.url)
        done = subprocess.run(command, capture_output=True, timeout=COMMAND_TIMEOUT_S, check=False)
        assert done.returncode == 0, done.stderr.decode()
        facts: dict[str, Any] = json.loads(done.stdout)
        return facts


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LedgerProcess]:
    with ledger_process(tmp_path_factory.mktemp("ledger")) as ledger:
        yield ledger


@pytest.fixture
def shop(ledger: LedgerProcess, tmp_path: Path) -> Shop:
    merchant_id = ledger.operator("merchants", "add", SHOP)["merchant_id"]
    return Shop(ledger, merchant_id, tmp_path / "terminal")


def test_an_enrolled_terminal_takes_a_payment_that_the_ledger_settles(shop: Shop) -> None:
    enrolled = shop.enrol(shop.ledger.code(shop.merchant_id))
    assert shop.terminal_ids == [enrolled["terminal_id"]]
    customer = phone_with(shop.ledger, trust_of(shop.directory))

    scanner = AwaitedScanner(shop.directory.parent / "scanner")
    set_devices(shop.directory, str(scanner.path))
    with scanner, running_till(shop.directory) as till:
        till.wait_for(SellView, lambda view: view.status.shop == SHOP)
        till.press("7", "000", "pay")
        offer = till.wait_for(PayView, lambda view: view.request_text is not None).request_text
        assert offer is not None
        scanner.scan(customer.pay(offer))
        till.wait_for(ResultView, lambda view: view.amount_won == AMOUNT_WON)
        till.wait_for(ResultView, lambda view: view.is_settled)
        assert till.last.status.connection is Connection.ONLINE

    assert shop.balance_won == AMOUNT_WON
    assert shop.ledger.operator("audit")["is_clean"]


def test_the_till_opens_its_window_and_its_journal(
    shop: Shop, virtual_display: VirtualDisplay
) -> None:
    enrolled = shop.enrol(shop.ledger.code(shop.merchant_id))
    set_devices(shop.directory, scanner="none")

    till = subprocess.run(
        program("pos_app.__main__", "run", "--terminal", str(shop.directory)),
        env={**virtual_display.environment, EXIT_VARIABLE: "1"},
        capture_output=True,
        timeout=COMMAND_TIMEOUT_S,
        check=False,
    )

    assert till.returncode == 0, till.stderr.decode()
    assert json.loads(till.stdout)["first_frame_at_s"] > 0
    terminal_id = bytes.fromhex(enrolled["terminal_id"])
    journal = Journal.read(settings.load(shop.directory).journal, terminal_id)
    assert journal.last_of_kind(EntryKind.START) == 1
    journal.close()


def test_a_kill_after_the_ledger_has_answered_costs_no_code(shop: Shop) -> None:
    code = shop.ledger.code(shop.merchant_id)
    with killing_line(shop.ledger.url) as (url, killed):
        enrolling = subprocess.Popen(shop.enrolment(code, url), stdout=subprocess.DEVNULL)
        killed.put(enrolling.pid)
        assert enrolling.wait(COMMAND_TIMEOUT_S) == -signal.SIGKILL
    assert len(shop.terminal_ids) == 1
    assert not shop.directory.exists()

    enrolled = shop.enrol(code)

    assert shop.terminal_ids == [enrolled["terminal_id"]]
    assert settings.load(shop.directory).ledger_url == shop.ledger.url


def trust_of(directory: Path) -> Trust:
    return Rulebook.load(directory).rules.trust


def phone_with(ledger: LedgerProcess, trust: Trust) -> SimulatedPhone:
    """A customer whose phone holds a purse that the operator opened and loaded."""
    key = SoftwareSigner(77)
    account_id = ledger.operator("accounts", "open")["account_id"]
    ledger.operator("accounts", "issue", account_id, str(LOADED_WON))
    opened = ledger.operator(
        *("purses", "open", account_id, "--key", key.public_key.compressed.hex()),
        *("--assurance", "phone_secure_element"),
    )
    loaded = ledger.operator("purses", "load", opened["purse_id"], str(LOADED_WON))
    (authority,) = (a for a in trust.listing.authorities if a.purpose is Purpose.PURSE)
    certificate = bytes.fromhex(loaded["certificate"])
    return SimulatedPhone(
        PurseApplet.personalised(key, certificate, PublicKey(authority.public_key), NETWORK)
    )


def set_devices(directory: Path, scanner: str) -> None:
    """What a technician adds by hand: the scanner's port, and that there is no card reader."""
    with (directory / "settings.toml").open("a") as file:
        file.write(f'card_reader = "none"\nscanner = {json.dumps(scanner)}\n')


class Till:
    """A running terminal, watched and pressed as a window does."""

    def __init__(self, terminal: Terminal) -> None:
        self._runtime = terminal.runtime
        self._views: Queue[View] = Queue()
        self.last: Any = None
        self._runtime.watch(self._views.put)

    def press(self, *names: str) -> None:
        for name in names:
            self._runtime.press(Press(name))

    def wait_for(self, kind: type[Any], is_it: Callable[[Any], bool]) -> Any:
        """Return the next view of this kind that is the one."""
        while not (isinstance(self.last, kind) and is_it(self.last)):
            self.last = self._views.get(timeout=VIEW_TIMEOUT_S)
        return self.last


@contextmanager
def running_till(directory: Path) -> Iterator[Till]:
    restarts: list[None] = []
    terminal = Terminal(settings.load(directory), lambda: restarts.append(None))
    terminal.start()
    try:
        yield Till(terminal)
    finally:
        terminal.stop()
    assert restarts == []


@contextmanager
def killing_line(ledger_url: str) -> Iterator[tuple[str, Queue[int]]]:
    """A line that kills the process whose id it is told when its enrolment has been answered."""
    killed: Queue[int] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(asked(Request(ledger_url + self.path)))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {"content-type": self.headers["content-type"]}
            asked(Request(ledger_url + self.path, body, headers))
            os.kill(killed.get(timeout=COMMAND_TIMEOUT_S), signal.SIGKILL)

        def _answer(self, answer: tuple[str, bytes]) -> None:
            content_type, body = answer
            self.send_response(200)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", killed
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def asked(request: Request) -> tuple[str, bytes]:
    with urlopen(request, timeout=COMMAND_TIMEOUT_S) as response:
        return response.headers["content-type"], response.read()
