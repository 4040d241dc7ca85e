"""A terminal that cannot start, or loses a thread, says so on its screen."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue

import pytest

from drivers.keystore.file_key import FileKey
from offline_queue.terminal import CERTIFICATE_FILE
from pos_app.compose import Terminal
from pos_app.demo.ledger_side import LedgerSide, write_settings
from pos_app.settings import SettingsInvalid, load
from pos_app.till.presses import Press
from pos_app.till.status import DeviceKind
from pos_app.till.views import FaultView, SellView, View
from tests.pos_app.watching import Watcher

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def side(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LedgerSide]:
    side = LedgerSide.open(tmp_path_factory.mktemp("ledger"))
    yield side
    side.ledger.close()


@pytest.fixture
def directory(side: LedgerSide, tmp_path: Path) -> Path:
    side.enrol_terminal(tmp_path / "terminal", "shop", "test")
    write_settings(
        tmp_path / "terminal",
        ledger_url=NOWHERE,
        card_reader="none",
        scanner="none",
        language="en",
    )
    return tmp_path / "terminal"


class Running:
    """A terminal that was started, what it shows, and how often it asked for a restart."""

    def __init__(self, directory: Path) -> None:
        self.views: Watcher[View] = Watcher()
        self.restarts: SimpleQueue[None] = SimpleQueue()
        self.terminal = Terminal(load(directory), lambda: self.restarts.put(None))
        self.terminal.runtime.watch(self.views)
        self.terminal.start()


@pytest.fixture
def start() -> Iterator[Callable[[Path], Running]]:
    """Start a terminal in a directory; it is stopped at the end of the test."""
    hook, started = threading.excepthook, []

    def begin(directory: Path) -> Running:
        started.append(Running(directory))
        return started[-1]

    yield begin
    for running in started:
        running.terminal.stop()
    threading.excepthook = hook


Start = Callable[[Path], Running]


def test_a_terminal_without_reader_or_scanner_sells(start: Start, directory: Path) -> None:
    view = start(directory).views.until(SellView)
    assert (view.status.shop, view.status.is_demo) == ("shop", True)


@pytest.mark.parametrize(
    ("damage", "part", "code"),
    [
        (lambda place: (place / "terminal.key").unlink(), "key_store", "key_not_found"),
        (lambda place: (place / "pass-phrase").unlink(), "key_store", "key_store"),
        (
            lambda place: (place / "pass-phrase").write_text("another"),
            *("key_store", "wrong_pass_phrase"),
        ),
        (lambda place: (place / "trust.cbor").write_bytes(b""), "queue", "identity_invalid"),
        (lambda place: (place / CERTIFICATE_FILE).unlink(), "queue", "identity_invalid"),
        (
            lambda place: (place / "journal.db").write_bytes(b"no database at all" * 400),
            *("queue", "journal_damaged"),
        ),
    ],
)
def test_what_keeps_it_from_starting_is_on_the_screen(
    start: Start, directory: Path, damage: Callable[[Path], object], part: str, code: str
) -> None:
    damage(directory)
    view = start(directory).views.until(FaultView)
    assert view.news.code == code
    assert view.part == view.texts.part(part)
    assert not view.can_retry


def test_a_damaged_entry_is_named_on_the_screen(start: Start, directory: Path) -> None:
    running = start(directory)
    running.views.until(SellView)
    running.terminal.stop()
    path = directory / "journal.db"
    with closing(sqlite3.connect(path)) as database:
        [(data,)] = database.execute("SELECT data FROM entries WHERE sequence = 1")
    path.write_bytes(path.read_bytes().replace(data, data[:-1] + bytes([data[-1] ^ 1])))

    view = start(directory).views.until(FaultView)

    assert view.news.what == view.texts.entry_damaged.format(entry="1")
    assert not view.is_queue_safe


def test_a_second_till_on_the_same_journal_may_try_again(start: Start, directory: Path) -> None:
    start(directory).views.until(SellView)
    second = start(directory)
    view = second.views.until(FaultView)
    assert (view.news.code, view.can_retry) == ("journal_locked", True)
    second.terminal.runtime.press(Press.RETRY)
    assert second.restarts.get(timeout=20) is None


def test_a_thread_that_dies_is_on_the_screen(
    start: Start, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    running = start(directory)
    running.views.until(SellView)

    def dies() -> None:
        raise RuntimeError("a mistake of ours")

    doomed = threading.Thread(target=dies, name="sync")
    doomed.start()
    doomed.join()

    view = running.views.until(FaultView)
    assert view.part == view.texts.part("sync")
    assert "a mistake of ours" in caplog.text


def test_a_device_that_is_not_there_is_marked_and_the_rest_works(
    start: Start, directory: Path
) -> None:
    write_settings(directory, ledger_url=NOWHERE, card_reader="none", scanner="/dev/no-such-port")
    view = start(directory).views.until(SellView, lambda view: bool(view.status.devices))
    assert [mark.kind for mark in view.status.devices] == [DeviceKind.SCANNER]


def test_a_second_copy_without_its_medium_is_marked_and_the_till_sells(
    start: Start, directory: Path
) -> None:
    # A directory on the journal's own disk: what is left when the stick is out.
    (directory / "stick").mkdir()
    write_settings(
        directory, ledger_url=NOWHERE, card_reader="none", scanner="none", mirror="stick"
    )
    view = start(directory).views.until(SellView, lambda view: bool(view.status.devices))
    assert [(mark.kind, mark.news.code) for mark in view.status.devices] == [
        (DeviceKind.DISK, "mirror_missing")
    ]


def test_a_camera_may_stand_in_for_the_scanner(start: Start, directory: Path) -> None:
    write_settings(directory, ledger_url=NOWHERE, card_reader="none", scanner="camera:/none")
    view = start(directory).views.until(SellView, lambda view: bool(view.status.devices))
    assert [(mark.kind, mark.news.code) for mark in view.status.devices] == [
        (DeviceKind.SCANNER, "device_not_found")
    ]


def test_a_camera_without_what_finds_codes_is_named(
    start: Start, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "zxingcpp", None)
    monkeypatch.delitem(sys.modules, "drivers.camera.camera_scanner", raising=False)
    monkeypatch.delitem(sys.modules, "drivers.camera.codes", raising=False)
    write_settings(directory, ledger_url=NOWHERE, scanner="camera:/none")
    assert start(directory).views.until(FaultView).news.code == SettingsInvalid.code


@pytest.mark.parametrize(
    "setting",
    [{"scanner_profile": "acme"}, {"scanner_light": "dim"}],
    ids=lambda each: next(iter(each)),
)
def test_a_scanner_that_is_set_to_what_is_unknown_is_named(
    start: Start, directory: Path, setting: dict[str, str]
) -> None:
    write_settings(directory, ledger_url=NOWHERE, scanner="/dev/ttyS9", **setting)
    view = start(directory).views.until(FaultView)
    assert view.news.code == SettingsInvalid.code


@pytest.mark.parametrize(
    "setting",
    [
        {"printer": "the one on the counter"},
        {"printer": "auto", "printer_family": "acme"},
        {"printer": "simulated:127.0.0.1:9", "demo": False},
    ],
    ids=["name", "family", "simulated in a shop"],
)
def test_a_printer_that_is_set_to_what_is_unknown_is_named(
    start: Start, directory: Path, setting: dict[str, str | bool]
) -> None:
    write_settings(directory, ledger_url=NOWHERE, card_reader="none", scanner="none", **setting)
    assert start(directory).views.until(FaultView).news.code == SettingsInvalid.code


def test_a_printer_that_is_not_there_is_a_mark_and_no_fault(start: Start, directory: Path) -> None:
    write_settings(
        directory, ledger_url=NOWHERE, card_reader="none", scanner="none", printer="file:/no/lp0"
    )
    view = start(directory).views.until(SellView, lambda view: bool(view.status.devices))
    assert [mark.kind for mark in view.status.devices] == [DeviceKind.PRINTER]


def test_a_logo_that_is_gone_keeps_nobody_from_selling(start: Start, directory: Path) -> None:
    write_settings(
        directory, ledger_url=NOWHERE, card_reader="none", scanner="none", slip_logo="gone.png"
    )
    start(directory).views.until(SellView)


def test_a_key_that_is_not_the_terminals_is_refused(start: Start, directory: Path) -> None:
    (directory / "terminal.key").unlink()
    FileKey.create(directory / "terminal.key", (directory / "pass-phrase").read_text())
    assert start(directory).views.until(FaultView).news.code == "identity_invalid"


def test_a_real_terminal_imports_no_ledger_no_pillow_and_no_http_server() -> None:
    late = ("compose", "inbox", "runtime", "opening", "on_screen", "__main__")
    queue = ("journal", "ledger_client", "audit")
    names = [f"pos_app.{name}" for name in late] + [f"offline_queue.{name}" for name in queue]
    code = f"import sys, {', '.join(names)}; print(*{{n.partition('.')[0] for n in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"pos_app", "drivers", "offline_queue", "httpx", "sqlite_utils"} <= loaded
    assert not loaded & {"ledger", "PIL", "fastapi", "starlette", "uvicorn", "sqlalchemy"}
