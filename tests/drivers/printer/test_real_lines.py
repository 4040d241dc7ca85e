"""Slips through the whole driver: over sockets, pseudo-terminals, files and a USB bus."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import usb.backend.libusb1

from drivers.printer import opening
from drivers.printer.bitmap import Bitmap
from drivers.printer.names import SerialName
from drivers.printer.opening import AUTO, SoughtPrinter, is_simulated, sought_printer
from drivers.printer.ports import port_of
from drivers.printer.printer import Printed
from drivers.printer.profiles import BIXOLON, EPSON, GENERIC
from drivers.printer.slip import Paper, PrintJob, Slip
from drivers.simulated.printed_paper import PrintedPaper
from drivers.simulated.socket_printer import SocketPrinter
from drivers.usb import CLASS_HID, CLASS_PRINTER, UsbDevice, UsbName
from tests.drivers.printer.pty_printer import PtyPrinter
from tests.drivers.printer.reading import codes_in
from tests.drivers.printer.shop import (
    ANSWER,
    COPY,
    HASTY_S,
    ORIGINAL,
    PATIENT_S,
    ROWS,
    TIMEOUT_S,
    Records,
    Shop,
    drawn,
    job,
    told,
)
from tests.drivers.printer.slips import CODE, KOREAN_RECEIPT
from tests.drivers.printer.usb_bus import PRODUCT, SERIAL, VENDOR, UsbBus
from tests.stacks.ports import free_port

DOTS = Paper.MM80.dots


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy is not taken for a printer that says nothing."""
    monkeypatch.setattr(ANSWER, PATIENT_S)


def slips(printer: SocketPrinter) -> list[Bitmap]:
    return printer.change(lambda paper: list(paper.slips))


def heights(printer: SocketPrinter) -> list[int]:
    return [slip.height for slip in slips(printer)]


def strays(printer: SocketPrinter) -> bytes:
    return printer.change(lambda paper: bytes(paper.strays))


@pytest.mark.parametrize("family", [AUTO, "epson", "generic"])
def test_a_receipt_over_the_network_is_what_was_drawn_and_its_code_can_be_read(
    family: str,
) -> None:
    with SocketPrinter() as printer, Shop(printer.name, draw=opening.draw, family=family) as shop:
        shop.printer.post(PrintJob(1, KOREAN_RECEIPT, COPY, opens_drawer=True))
        assert shop.end_of(1) == Printed(1, is_confirmed=True)
        (slip,) = slips(printer)

    assert slip == opening.draw(KOREAN_RECEIPT, DOTS)
    assert codes_in(slip) == [CODE]
    assert printer.change(lambda paper: paper.drawer_openings) == 1
    assert strays(printer) == b""


def test_a_mute_network_printer_prints_and_it_is_said_that_it_was_only_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ANSWER, HASTY_S)
    with SocketPrinter(PrintedPaper(answers_questions=False)) as printer:
        with Shop(printer.name) as shop:
            assert shop.print(1) == Printed(1, is_confirmed=False)
        assert heights(printer) == [ROWS[ORIGINAL]]


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        ("is_out_of_paper", "printer_out_of_paper"),
        ("is_cover_open", "printer_cover_open"),
        ("is_offline", "printer_offline"),
        ("is_cutter_stuck", "printer_cutter_stuck"),
    ],
)
def test_a_slip_waits_for_a_hand_and_then_prints_by_itself(trouble: str, code: str) -> None:
    with SocketPrinter() as printer, Shop(printer.name) as shop:
        assert shop.next_health() == "well"
        printer.change(lambda paper: setattr(paper, trouble, True))
        shop.printer.post(job(1))
        assert told(shop.next_report()) == ("waiting", 1, code)
        assert shop.next_health() == code
        assert shop.records.begun == set()
        printer.change(lambda paper: setattr(paper, trouble, False))
        assert shop.next_report() == Printed(1, is_confirmed=True)
        assert shop.next_health() == "well"
        assert heights(printer) == [ROWS[ORIGINAL]]
        assert strays(printer) == b""


def test_paper_that_ends_in_a_slip_makes_it_doubtful_and_a_new_order_is_a_copy() -> None:
    with SocketPrinter() as printer, Shop(printer.name) as shop:
        assert shop.next_health() == "well"
        printer.change(lambda paper: setattr(paper, "rows_left", 7))
        assert told(shop.print(1)) == ("doubtful", 1, "printer_out_of_paper")
        assert shop.next_health() == "printer_out_of_paper"
        printer.change(new_roll)
        assert shop.next_health() == "well"
        assert shop.print(1) == Printed(1, is_confirmed=True)
        # The rest of the first comes out on the new roll; then the copy, on its own.
        assert heights(printer) == [ROWS[ORIGINAL], ROWS[COPY]]


def new_roll(paper: PrintedPaper) -> None:
    paper.rows_left = None
    paper.is_out_of_paper = False


def test_paper_that_runs_low_is_told_while_it_prints_on() -> None:
    with SocketPrinter(PrintedPaper(is_paper_low=True)) as printer, Shop(printer.name) as shop:
        assert shop.print(1) == Printed(1, is_confirmed=True)
        assert shop.paper_low.get(timeout=TIMEOUT_S)


@pytest.mark.parametrize("is_mute", [False, True])
def test_a_printer_that_hangs_up_after_any_byte_never_has_two_originals(
    is_mute: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_mute:
        monkeypatch.setattr(ANSWER, HASTY_S)
    # A cut takes this printer no time.
    monkeypatch.setattr("drivers.printer.conversation._QUIET_S", HASTY_S)

    def new_printer() -> SocketPrinter:
        return SocketPrinter(PrintedPaper(answers_questions=not is_mute))

    outcomes = set()
    # One that answers nothing takes longer, and knows fewer places to stop at.
    step = 7 if is_mute else 1
    for count in [*range(1, 50, step), *range(50, bytes_of_a_slip(new_printer()), 170 * step)]:
        with new_printer() as printer, Shop(printer.name) as shop:
            assert shop.next_health() == "well"
            printer.hang_up_after(count)
            report = shop.print(1)
            outcomes.add(told(report)[0])
            if isinstance(report, Printed):
                # It had hung up before a byte of the slip was sent, or did so after the last.
                assert ROWS[ORIGINAL] in heights(printer), count
            again = [shop.print(1) for _ in range(2)]
            assert isinstance(again[-1], Printed), (count, report, again)
            originals = [height for height in heights(printer) if height == ROWS[ORIGINAL]]
            assert len(originals) <= 1, count
    assert outcomes >= {"printed", "doubtful"}


def bytes_of_a_slip(printer: SocketPrinter) -> int:
    with printer, Shop(printer.name) as shop:
        assert shop.next_health() == "well"
        before = printer.received
        shop.print(1)
        return printer.received - before


def test_a_printer_that_stops_reading_in_a_slip_lets_go_of_the_till(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    conversation = "drivers.printer.conversation"
    with SocketPrinter() as printer, Shop(printer.name, draw=stopping(printer)) as shop:
        assert shop.next_health() == "well"
        with monkeypatch.context() as hasty:
            hasty.setattr(ANSWER, 1.0)
            hasty.setattr(f"{conversation}._DONE_TIMEOUT_S", 0.3)
            hasty.setattr(f"{conversation}._DONE_LOOK_S", 0.1)
            kind, number, code = told(shop.print(1))
        assert (kind, number) == ("doubtful", 1)
        assert code == "printer_offline"
        printer.read(is_reading=True)
        assert shop.print(2) == Printed(2, is_confirmed=True)
        assert shop.records.begun == {1, 2}


def stopping(printer: SocketPrinter) -> Callable[[Slip, int], Bitmap]:
    """Draw slips, and have the printer stop reading just before the first of them comes."""
    is_first = [True]

    def draw(slip: Slip, dots: int) -> Bitmap:
        if is_first:
            is_first.clear()
            printer.read(is_reading=False)
        return drawn(slip, dots)

    return draw


def test_a_printer_that_goes_away_comes_back_and_the_slip_prints() -> None:
    number = free_port()
    printer = SocketPrinter(port=number)
    printer.start()
    with Shop(printer.name) as shop:
        assert shop.next_health() == "well"
        printer.stop()
        shop.printer.post(job(1))
        assert told(shop.next_report()) == ("waiting", 1, "device_not_found")
        with SocketPrinter(port=number) as again:
            assert shop.next_report() == Printed(1, is_confirmed=True)
            assert heights(again) == [ROWS[ORIGINAL]]


def test_two_tills_share_a_printer() -> None:
    with SocketPrinter() as printer:
        with Shop(printer.name) as one, Shop(printer.name) as other:
            for number in range(1, 6):
                one.printer.post(job(number))
                other.printer.post(job(number))
            for number in range(1, 6):
                assert one.end_of(number) == Printed(number, is_confirmed=True)
                assert other.end_of(number) == Printed(number, is_confirmed=True)
        assert heights(printer) == [ROWS[ORIGINAL]] * 10
        assert strays(printer) == b""


def test_a_till_that_was_killed_in_a_slip_prints_a_copy() -> None:
    records = Records()
    with SocketPrinter() as printer:
        # As the disk has it: the job is begun, and nobody knows how far it came.
        records.begin(1)
        with Shop(printer.name, records) as shop:
            assert shop.print(1) == Printed(1, is_confirmed=True)
        assert heights(printer) == [ROWS[COPY]]


def test_a_slip_over_a_serial_port(tmp_path: Path) -> None:
    paper = PrintedPaper()
    link = tmp_path / "printer"
    with PtyPrinter(link, paper), Shop(SoughtPrinter(SerialName(link), None, list)) as shop:
        assert shop.print(1) == Printed(1, is_confirmed=True)
        assert shop.print(1) == Printed(1, is_confirmed=True)

    assert [slip.height for slip in paper.slips] == [ROWS[ORIGINAL], ROWS[COPY]]
    assert not paper.strays


def test_slips_in_a_file_are_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "slips.bin"
    with Shop(f"file:{path}") as shop:
        assert shop.print(1) == Printed(1, is_confirmed=False)
        assert shop.print(2) == Printed(2, is_confirmed=False)
    paper = PrintedPaper()
    paper.feed(path.read_bytes())

    assert [slip.height for slip in paper.slips] == [ROWS[ORIGINAL]] * 2
    assert not paper.strays


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> UsbBus:
    bus = UsbBus()
    monkeypatch.setattr(usb.backend.libusb1, "get_backend", lambda *_, **__: bus)
    return bus


def on_bus(name: UsbName) -> SoughtPrinter:
    """Return the printer of this process: the bus in software is in no other."""
    return SoughtPrinter(name, None, list, port_of)


def test_a_slip_over_usb(bus: UsbBus) -> None:
    with Shop(on_bus(UsbName(VENDOR, PRODUCT, SERIAL))) as shop:
        assert shop.print(1) == Printed(1, is_confirmed=True)
    assert [slip.height for slip in bus.paper.slips] == [ROWS[ORIGINAL]]
    assert not bus.paper.strays


def test_a_usb_printer_that_is_pulled_out_and_put_back(bus: UsbBus) -> None:
    with Shop(on_bus(UsbName(VENDOR))) as shop:
        assert shop.next_health() == "well"
        bus.is_plugged_in = False
        bus.failing["bulk_write"] = usb.core.USBError("no device", -4, 19)
        shop.printer.post(job(1))
        assert told(shop.next_report())[0] == "waiting"
        bus.failing.clear()
        bus.is_plugged_in = bus.has_kernel_driver = True
        assert shop.end_of(1) == Printed(1, is_confirmed=True)
    assert len(bus.paper.slips) == 1


def test_the_first_printer_on_usb_is_found_and_the_same_again(bus: UsbBus) -> None:
    hub = UsbDevice(0x1D6B, 2)
    keyboard = UsbDevice(0x046D, 0xC31C, classes=frozenset({CLASS_HID}))
    ours = UsbDevice(VENDOR, PRODUCT, "EPSON", SERIAL, frozenset({CLASS_PRINTER}))
    other = UsbDevice(0x1504, 0x0006, "BIXOLON", "B1", frozenset({CLASS_PRINTER}))
    plugged_in = [hub, keyboard, ours]
    printer = SoughtPrinter(None, None, lambda: plugged_in, port_of)

    printer.open()
    assert printer.found == UsbName(VENDOR, PRODUCT, SERIAL)
    assert printer.profile is EPSON
    printer.close()
    plugged_in.insert(0, other)
    printer.open()
    assert printer.found == UsbName(VENDOR, PRODUCT, SERIAL)
    assert not printer.is_shared
    printer.close()
    plugged_in.remove(ours)
    with pytest.raises(Exception, match="not plugged in"):
        printer.open()
    assert printer.profile is BIXOLON
    assert printer.name == "printer"


def test_no_printer_on_usb() -> None:
    printer = SoughtPrinter(None, None, list)
    with pytest.raises(Exception, match="no printer is plugged in"):
        printer.open()
    with pytest.raises(Exception, match="not open"):
        printer.look()
    printer.close()
    assert printer.profile is GENERIC


@pytest.mark.parametrize(
    ("setting", "family"), [("", AUTO), ("laser", AUTO), ("tcp:", AUTO), (AUTO, "laser")]
)
def test_a_setting_that_makes_no_sense(setting: str, family: str) -> None:
    assert sought_printer(setting, family) is None


def test_only_a_simulated_printer_is_simulated() -> None:
    assert is_simulated("simulated:127.0.0.1:9100")
    assert not is_simulated("tcp:127.0.0.1:9100")
    assert not is_simulated(AUTO)
