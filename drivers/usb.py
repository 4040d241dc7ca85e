"""What is on USB, as Linux lists it in /sys: read, never opened. Knows no device's use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SYS_DEVICES: Final = Path("/sys/bus/usb/devices")
# Interface classes of the USB-IF.
CLASS_HID: Final = 0x03
CLASS_PRINTER: Final = 0x07


@dataclass(frozen=True, slots=True)
class UsbDevice:
    """One device; `classes` are those of its interfaces, `has_serial_port` whether it is a tty."""

    vendor: int
    product: int
    model: str = ""
    serial_number: str | None = None
    classes: frozenset[int] = frozenset()
    has_serial_port: bool = False


def usb_devices(root: Path = SYS_DEVICES) -> tuple[UsbDevice, ...]:
    """Return the devices that are plugged in, by their place; none where there is no USB."""
    # A device's directory is its place, "1-1.2"; an interface's has a colon in its name.
    places = sorted(path for path in _entries(root) if ":" not in path.name)
    return tuple(device for place in places if (device := _device(place)) is not None)


def _device(place: Path) -> UsbDevice | None:
    vendor, product = _number(place / "idVendor"), _number(place / "idProduct")
    if vendor is None or product is None:
        # Unplugged between the listing and the look, or no device.
        return None
    interfaces = list(_interfaces(place))
    classes = (_number(each / "bInterfaceClass") for each in interfaces)
    return UsbDevice(
        vendor,
        product,
        " ".join(filter(None, (_text(place / "manufacturer"), _text(place / "product")))),
        _text(place / "serial") or None,
        frozenset(number for number in classes if number is not None),
        any(_is_serial_port(each) for each in interfaces),
    )


def _interfaces(place: Path) -> Iterator[Path]:
    return (path for path in _entries(place) if path.name.startswith(f"{place.name}:"))


def _is_serial_port(interface: Path) -> bool:
    # CDC keeps its port below "tty"; USB to serial converters beside their other files.
    return any(path.name.startswith("tty") for path in _entries(interface))


def _entries(directory: Path) -> list[Path]:
    with suppress(OSError):
        return list(directory.iterdir())
    return []


def _number(file: Path) -> int | None:
    text = _text(file)
    try:
        return int(text, 16)
    except ValueError:
        return None


def _text(file: Path) -> str:
    with suppress(OSError):
        return file.read_text(errors="replace").strip()
    return ""
