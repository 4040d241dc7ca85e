"""What Linux lists on USB is read as it is written there, and what has gone is left out."""

from __future__ import annotations

from pathlib import Path

from drivers.usb import CLASS_HID, CLASS_PRINTER, UsbDevice, usb_devices


def plugged_in(root: Path, place: str, interfaces: dict[str, int], **texts: str) -> Path:
    """Write a device into a /sys of the test's own; returns its directory."""
    directory = root / place
    directory.mkdir(parents=True)
    for name, text in texts.items():
        (directory / name).write_text(f"{text}\n")
    for number, usb_class in interfaces.items():
        interface = directory / f"{place}:{number}"
        interface.mkdir()
        (interface / "bInterfaceClass").write_text(f"{usb_class:02x}\n")
    return directory


def test_a_printer_and_a_scanner_of_two_kinds(tmp_path: Path) -> None:
    printer = {"idVendor": "04b8", "idProduct": "0e15", "serial": "X3Y", "product": "TM-m30"}
    scanner = {"idVendor": "0c2e", "idProduct": "0b61", "manufacturer": "Honeywell"}
    plugged_in(tmp_path, "1-1", {"1.0": CLASS_PRINTER}, **printer)
    plugged_in(tmp_path, "1-2", {"1.0": CLASS_HID}, **scanner)
    serial = plugged_in(tmp_path, "1-3.1", {"1.0": 0x02, "1.1": 0x0A}, **scanner)
    (serial / "1-3.1:1.0" / "tty").mkdir()

    assert usb_devices(tmp_path) == (
        UsbDevice(0x04B8, 0x0E15, "TM-m30", "X3Y", frozenset({CLASS_PRINTER})),
        UsbDevice(0x0C2E, 0x0B61, "Honeywell", None, frozenset({CLASS_HID})),
        UsbDevice(0x0C2E, 0x0B61, "Honeywell", None, frozenset({0x02, 0x0A}), True),
    )


def test_a_converters_port_is_a_serial_port(tmp_path: Path) -> None:
    adapter = plugged_in(tmp_path, "2-1", {"1.0": 0xFF}, idVendor="1a86", idProduct="7523")
    (adapter / "2-1:1.0" / "ttyUSB0").mkdir()

    assert [each.has_serial_port for each in usb_devices(tmp_path)] == [True]


def test_what_is_gone_or_makes_no_sense_is_left_out(tmp_path: Path) -> None:
    plugged_in(tmp_path, "1-1", {})
    plugged_in(tmp_path, "1-2", {}, idVendor="04b8", idProduct="what")
    plugged_in(tmp_path, "1-2:1.0", {}, idVendor="04b8", idProduct="0e15")

    assert usb_devices(tmp_path) == ()


def test_a_machine_without_usb(tmp_path: Path) -> None:
    assert usb_devices(tmp_path / "none") == ()
