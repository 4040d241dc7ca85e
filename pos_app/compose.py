"""A terminal put together from its directory: its threads, and what they tell each other."""

from __future__ import annotations

import logging
import platform
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from drivers.errors import KeyStoreError
from drivers.keystore.opening import open_key
from drivers.printer.printer import HANG_S as PRINTER_HANG_S
from drivers.scanner import framer
from drivers.sound.speaker import Speaker
from drivers.sound.speech import Voice
from drivers.supervisor import HANG_S, Device, DeviceHealth
from drivers.watch import Watch
from kscoin.errors import KSCoinError
from kscoin.messages import TerminalCertificate
from kscoin.signed import claim
from offline_queue.backoff import CAP_S
from offline_queue.durable_file import read_whole
from offline_queue.ledger_port import LedgerPort
from offline_queue.queue import OfflineQueue, QueueSetup
from offline_queue.rulebook import Rulebook
from offline_queue.terminal import CERTIFICATE_FILE, load_identity
from offline_queue.trusted_clock import Clock, SystemClock
from pos_app.customer_display.feed import HANG_S as DISPLAY_HANG_S
from pos_app.customer_display.feed import CustomerDisplay
from pos_app.customer_display.look import command
from pos_app.devices import Ends, devices_of, watch_card_readers
from pos_app.inbox import Inbox
from pos_app.ledger_line import LedgerLine, Way
from pos_app.performer import Performer, Ports
from pos_app.print_desk import PrintDesk
from pos_app.runtime import Runtime
from pos_app.settings import NONE, Settings
from pos_app.shop_on_slips import shop_on_slips
from pos_app.sound_desk import SoundDesk, whole_till
from pos_app.surroundings import surroundings
from pos_app.tap_desk import TapDesk
from pos_app.till.effects import Effect, Restart
from pos_app.till.events import (
    DeviceChanged,
    PaperLow,
    ScanBroken,
    Scanned,
    StartFailed,
    WorkerDied,
)
from pos_app.till.printing import SlipRule
from pos_app.till.show import Face
from pos_app.till.show_customer import show_customer
from pos_app.till.states import Part, Till
from pos_app.till.status import DeviceKind

if TYPE_CHECKING:
    from offline_queue.journal import Journal
    from offline_queue.mirror import Mirror

# The threads that nothing supervises, and what a shopkeeper calls what dies with them.
_PARTS_OF_THREADS: Final = {
    "offline-queue": Part.QUEUE,
    "sync": Part.SYNC,
    "receipts": Part.SYNC,
    "renewals": Part.SYNC,
    "mirror": Part.QUEUE,
}
# A large journal takes seconds to open, a token that hangs takes for ever; systemd is told in
# deploy/systemd/ks-pos.service to wait 15 s for the whole end.
_START_TIMEOUT_S: Final = 5.0
# How long a device may be busy without a look up, where that is longer than a card's answers take.
_BUSY_MAX_S: Final = {DeviceKind.PRINTER: PRINTER_HANG_S}
_DISTRIBUTION: Final = "ks-coin-pos"

_log = logging.getLogger(__name__)


class Terminal:
    """A till with all its threads; `runtime` is what a window shows and presses.

    `on_restart` is called, on any thread, when the till has to be started again from outside.
    `retry_cap_s` is the longest wait before a line that is down is tried again; `clock` is the
    system's, unless a drill brings its own.
    """

    def __init__(
        self,
        settings: Settings,
        on_restart: Callable[[], None],
        retry_cap_s: float = CAP_S,
        clock: Clock | None = None,
    ) -> None:
        self._settings = settings
        self._on_restart = on_restart
        self._retry_cap_s = retry_cap_s
        self._inbox = Inbox()
        self._clock = clock or SystemClock()
        self._parts: _Parts | None = None
        # Display and speaker go on beside the till, also where it cannot start.
        self._watch = Watch()
        self._starting = threading.Thread(target=self._start, name="start", daemon=True)
        self.runtime = Runtime(self._inbox, self._clock, _face(settings), _till(settings))
        self.customer_display = self._customer_display()
        if settings.has_sound or settings.has_voice:
            self._listen()

    def start(self) -> None:
        """Start everything on a thread of its own, so that a window is not kept waiting."""
        threading.excepthook = self._thread_died
        self._starting.start()

    def stop(self) -> None:
        """End every thread and close the journal; what was taken stays in it.

        Whatever hangs is left behind, so that this ends in time.
        """
        self._starting.join(_START_TIMEOUT_S)
        if self._starting.is_alive():
            _log.error("the till has not come to its start; it is left behind")
        self.runtime.stop()
        self._watch.stop()
        if self._parts is not None:
            self._parts.stop()

    def look_at_line(self) -> None:
        """There is reason to believe that the line has changed."""
        if self._parts is not None:
            self._parts.line.look_again()

    def _start(self) -> None:
        self._watch.start()
        try:
            self._parts = self._assembled()
        except KSCoinError as error:
            part = Part.KEY_STORE if isinstance(error, KeyStoreError) else Part.QUEUE
            _log.error("the till cannot start: %s", error)
            self._inbox.post(StartFailed(part, error.code, error.is_retryable))
            self.runtime.start(self._perform_nothing_else)
        else:
            self._watch_devices(self._parts)
            self.runtime.start(self._parts.performer.perform)
            self._parts.start()

    def _watch_devices(self, parts: _Parts) -> None:
        report = partial(self._device_changed, DeviceKind.CARD_READER)
        watch_card_readers(self._settings, parts.ends, report, self._watch)
        for kind, device in parts.devices:
            report = partial(self._device_changed, kind)
            self._watch.supervise(device, report, _BUSY_MAX_S.get(kind, HANG_S))

    def _assembled(self) -> _Parts:
        # First what only reads settings: nothing that has to be stopped exists if one is wrong.
        desk = TapDesk(self._inbox.post)
        shop, jobs = shop_on_slips(self._settings), self._settings.print_jobs
        slips = PrintDesk(shop, jobs, self._clock, self._inbox.post)
        ends = Ends(desk, slips, self._scanned, self._paper_changed)
        devices = tuple(devices_of(self._settings, ends))
        setup, mirror = queue_setup(self._settings, self._clock, self._health_changed)
        queue = OfflineQueue.start(setup)
        way = Way(self._connect, random.random, self._retry_cap_s)
        line = LedgerLine(queue, way, self._inbox.post)
        ports = Ports(queue, desk, line, self._clock, self._on_restart, slips)
        return _Parts(queue, line, Performer(ports, self._inbox), ends, devices, mirror)

    def _customer_display(self) -> CustomerDisplay | None:
        """Return what shows the customer their side, if there is to be one."""
        settings = self._settings
        if settings.customer_display == NONE:
            return None
        stopping = threading.Event()
        program = command(settings.theme, settings.customer_display)
        display = CustomerDisplay(program, stopping)
        report = partial(self._device_changed, DeviceKind.CUSTOMER_DISPLAY)
        self._watch.supervise(display, report, DISPLAY_HANG_S, stopping)
        self.runtime.watch_as(show_customer, display.show)
        return display

    def _listen(self) -> None:
        """Have what happens be heard; a till that cannot be heard is as well as any other."""
        settings = self._settings
        speaker = Speaker(settings.volume, Voice() if settings.has_voice else None)
        desk = SoundDesk(speaker.play, has_tones=settings.has_sound, has_voice=settings.has_voice)
        self._watch.supervise(speaker, lambda _: None)
        self.runtime.watch_as(whole_till, desk.hear)

    def _connect(self) -> LedgerPort:
        # In the thread that will use it: importing HTTP takes longer than the first frame.
        client = import_module("offline_queue.ledger_client").LedgerClient
        port: LedgerPort = client(self._settings.ledger_url)
        return port

    def _scanned(self, report: framer.ScanReport) -> None:
        match report:
            case framer.Scanned(text):
                self._inbox.post(Scanned(text))
            case framer.Unreadable():
                self._inbox.post(ScanBroken())

    def _device_changed(self, kind: DeviceKind, health: DeviceHealth) -> None:
        code = None if health.error is None else health.error.code
        self._inbox.post(DeviceChanged(kind, code, health.others_work))

    def _health_changed(self, kind: DeviceKind, code: str | None) -> None:
        self._inbox.post(DeviceChanged(kind, code))

    def _paper_changed(self, is_low: bool) -> None:
        self._inbox.post(PaperLow(is_low))

    def _thread_died(self, died: threading.ExceptHookArgs) -> None:
        name = died.thread.name if died.thread else "?"
        _log.critical("thread %s died", name, exc_info=died.exc_value)
        self._inbox.post(WorkerDied(_PARTS_OF_THREADS.get(name, Part.TILL)))

    def _perform_nothing_else(self, effect: Effect) -> None:
        """Perform what a till that could not start can: start again."""
        if isinstance(effect, Restart):
            self._on_restart()


def queue_setup(
    settings: Settings, clock: Clock, tell: Callable[[DeviceKind, str | None], None]
) -> tuple[QueueSetup, Mirror | None]:
    """Return what the queue of an enrolled terminal is made of, and its mirror if it has one.

    `tell` hears how the mirror is. Raises a QueueError or a KeyStoreError.
    """
    rulebook = Rulebook.load(settings.directory)
    signer = open_key(settings.key_file, _pass_phrase(settings.pass_phrase_file))
    terminal = load_identity(settings.directory, rulebook.rules.trust, signer)
    mirror = _mirror(settings, terminal.terminal_id, tell)
    open_alone = partial(_open_journal, settings.journal, terminal.terminal_id)
    setup = QueueSetup(
        mirror.open_journal if mirror else open_alone,
        rulebook,
        terminal,
        clock,
        software=f"ks-pos {version(_DISTRIBUTION)}",
        hardware=f"{platform.system()} {platform.release()} {platform.machine()}",
        surroundings=partial(surroundings, settings.journal, mirror),
    )
    return setup, mirror


@dataclass(frozen=True, slots=True)
class _Parts:
    """What runs beside the runtime."""

    queue: OfflineQueue
    line: LedgerLine
    performer: Performer
    ends: Ends
    devices: tuple[tuple[DeviceKind, Device], ...]
    mirror: Mirror | None

    def start(self) -> None:
        self.performer.start()
        self.line.start()

    def stop(self) -> None:
        self.line.stop()
        self.queue.stop()
        self.ends.slips.stop()
        if self.mirror is not None:
            # After the journal's last commit, so that it takes that one along.
            self.mirror.stop()


def _face(settings: Settings) -> Face:
    """Return what every screen says; the certificate's word is verified when the till starts."""
    try:
        certificate = read_whole(settings.directory / CERTIFICATE_FILE)
        shop = claim(TerminalCertificate, certificate).merchant_name
    except KSCoinError:
        shop = ""
    return Face(shop, settings.utc_offset_s, settings.is_demo)


def _till(settings: Settings) -> Till:
    """Return the till as it is before anything has happened."""
    return Till(
        language=settings.language,
        slip_rule=settings.slip_rule,
        has_drawer=settings.has_drawer and settings.slip_rule is not SlipRule.NEVER,
    )


def _pass_phrase(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise KeyStoreError(str(path), "the pass phrase cannot be read") from exc


def _open_journal(path: Path, terminal_id: bytes) -> Journal:
    # In the queue's thread: importing SQLite's library would delay the first frame.
    journal: Journal = import_module("offline_queue.journal").Journal.open(path, terminal_id)
    return journal


def _mirror(
    settings: Settings, terminal_id: bytes, report: Callable[[DeviceKind, str | None], None]
) -> Mirror | None:
    """Return what keeps the journal's second copy, if there is to be one."""
    if settings.mirror is None:
        return None
    # Only where it is wanted: it brings SQLite's library with it.
    mirrors = import_module("offline_queue.mirror")
    place = mirrors.MirrorPlace(settings.mirror, settings.journal, terminal_id)
    mirror: Mirror = mirrors.Mirror(place, partial(report, DeviceKind.DISK), random.random)
    return mirror
