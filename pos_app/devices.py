"""The devices that a terminal's settings ask for, each put together from its concrete parts.

Opens none, and does not know the till: who runs a device and what is done with what it reports is
said by whoever asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Final

from drivers.card.pcsc import PcscReader, PcscReaders
from drivers.card.readers import CardReaders
from drivers.card.tap import TapWorker
from drivers.card.turns import Seat
from drivers.printer.opening import draw, is_simulated, sought_printer
from drivers.printer.printer import Printer, PrinterSetup
from drivers.printer.slip import Paper
from drivers.scanner import framer
from drivers.scanner.asking import Asker
from drivers.scanner.discovery import scanners_named
from drivers.scanner.hosted_port import HostedPort
from drivers.scanner.profiles import Light, ScannerProfile, profile_named
from drivers.scanner.scanner import Scanner
from drivers.scanner.serial_port import serial_ports
from drivers.simulated.socket_reader import SocketReader
from drivers.supervisor import Device, DeviceHealth
from drivers.usb import UsbName
from drivers.watch import Watch
from pos_app.print_desk import PrintDesk
from pos_app.settings import AUTO, NONE, Settings, SettingsInvalid
from pos_app.sought_scanner import SoughtScanner
from pos_app.tap_desk import TapDesk
from pos_app.till.status import DeviceKind

# What a camera's setting begins with; the path of its device follows.
_CAMERA: Final = "camera:"


@dataclass(frozen=True, slots=True)
class Ends:
    """Who is told what devices report, each on the device's own thread.

    `taps` and `slips` are served by the reader and the printer that there are. `on_scan` hears what
    was scanned, `on_paper` whether the printer's roll nears its end.
    """

    taps: TapDesk
    slips: PrintDesk
    on_scan: Callable[[framer.ScanReport], None]
    on_paper: Callable[[bool], None]


def devices_of(settings: Settings, ends: Ends) -> Iterator[tuple[DeviceKind, Device]]:
    """Yield each device that is asked for, apart from card readers.

    Raises SettingsInvalid for one that we do not know.
    """
    if settings.scanner != NONE:
        yield DeviceKind.SCANNER, _scanner(settings, ends.on_scan)
    if settings.printer != NONE:
        yield DeviceKind.PRINTER, _printer(settings, ends)


def watch_card_readers(
    settings: Settings, ends: Ends, report: Callable[[DeviceHealth], None], watch: Watch
) -> None:
    """Have the card readers watched that are asked for, each with a worker of its own.

    `report` hears how they are, on any thread.
    """
    desk = ends.taps
    if settings.simulated_reader is not None:
        worker = TapWorker(SocketReader(settings.simulated_reader), desk.ear())
        desk.serve(worker)
        watch.supervise(worker, report)
    elif settings.card_readers != (NONE,):
        wanted = () if AUTO in settings.card_readers else settings.card_readers
        readers = CardReaders(PcscReaders(*wanted), _tap_workers(desk), report, watch)
        desk.serve(readers)
        watch.supervise(readers, readers.heard)


def _tap_workers(desk: TapDesk) -> Callable[[Seat], TapWorker]:
    """Return what makes the worker of each reader: no two sessions have the same number."""
    numbers = count(1)
    return lambda seat: TapWorker(PcscReader(seat.reader, seat), desk.ear(), numbers=numbers)


def _scanner(settings: Settings, on_scan: Callable[[framer.ScanReport], None]) -> Device:
    if settings.scanner.startswith(_CAMERA):
        return _camera(Path(settings.scanner.removeprefix(_CAMERA)), on_scan)
    profile, light = _scanner_profile(settings), _scanner_light(settings)
    sought = partial(
        SoughtScanner, ports=serial_ports, line=HostedPort, report=on_scan, light=light
    )
    if settings.scanner == AUTO:
        return sought(Asker(profile, HostedPort).among)
    if (name := UsbName.parse(settings.scanner)) is not None:
        return sought(partial(scanners_named, name=name, otherwise=profile))
    line = HostedPort(settings.scanner, profile.baud_rate)
    return Scanner(line, profile.lit(light), on_scan)


def _camera(path: Path, on_scan: Callable[[framer.ScanReport], None]) -> Device:
    # Only where it is wanted: what finds codes in pictures is large, and need not be installed.
    try:
        scanners = import_module("drivers.camera.camera_scanner")
    except ModuleNotFoundError as exc:
        raise SettingsInvalid(f"a camera needs ks-coin-pos[camera]: {exc}") from exc
    device: Device = scanners.v4l2_scanner(path, on_scan)
    return device


def _scanner_profile(settings: Settings) -> ScannerProfile:
    profile = profile_named(settings.scanner_profile)
    if profile is None:
        raise SettingsInvalid(f"{settings.scanner_profile!r} is no family of scanners that we know")
    return profile


def _scanner_light(settings: Settings) -> Light:
    if settings.scanner_light not in set(Light):
        raise SettingsInvalid(f"scanner_light is one of {', '.join(Light)}")
    return Light(settings.scanner_light)


def _printer(settings: Settings, ends: Ends) -> Printer:
    if is_simulated(settings.printer) and not settings.is_demo:
        raise SettingsInvalid("a simulated printer is for a demo, which says demo = true")
    talk = sought_printer(settings.printer, settings.printer_family)
    if talk is None:
        named = f"{settings.printer!r}, {settings.printer_family!r}"
        raise SettingsInvalid(f"{named} is no printer that we know")
    slips, paper = ends.slips, Paper(settings.paper_mm)
    printer = Printer(talk, PrinterSetup(paper, draw, slips.begin, slips.report, ends.on_paper))
    slips.serve(printer)
    return printer
