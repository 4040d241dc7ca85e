"""What is on USB, as Linux lists it in /sys: read, never opened. Knows no device's use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

SYS_DEVICES: Final = Path("/sys/bus/usb/devices")
# Interface classes of the USB-IF.
CLASS_HID: Final = 0x03
CLASS_PRINTER: Final = 0x07
# Four hexadecimal digits each, as lsusb prints them; the serial number is the vendor's own text.
_USB_NAME: Final = re.compile(r"usb:([0-9a-f]{4})(?::([0-9a-f]{4})(?::(\S+))?)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class UsbDevice:
    """One device; `classes` are those of its interfaces, `has_serial_port` whether it is a tty."""

    vendor: int
    product: int
    model: str = ""
    serial_number: str | None = None
    classes: frozenset[int] = frozenset()
    has_serial_port: bool = False

    @property
    def usb_vendor(self) -> int:
        return self.vendor

    @property
    def usb_product(self) -> int:
        return self.product


class Plugged(Protocol):
    """What says of itself who made it: a `UsbDevice`, or a serial port that may be one."""

    @property
    def usb_vendor(self) -> int | None: ...

    @property
    def usb_product(self) -> int | None: ...

    @property
    def serial_number(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class UsbName:
    """A device by what it says of itself on USB: it is the same in every socket."""

    vendor: int
    product: int | None = None
    serial_number: str | None = None

    @classmethod
    def parse(cls, text: str) -> UsbName | None:
        """Return what `usb:0c2e`, `usb:0c2e:0caa` or `usb:0c2e:0caa:17281B` names, else None."""
        found = _USB_NAME.fullmatch(text)
        if found is None:
            return None
        vendor, product, serial_number = found.groups()
        return cls(int(vendor, 16), int(product, 16) if product else None, serial_number)

    @classmethod
    def of(cls, there: Plugged) -> UsbName | None:
        """Return the fullest name of what is there, or None where it is not on USB."""
        if there.usb_vendor is None:
            return None
        serial_number = there.serial_number if _is_a_word(there.serial_number) else None
        return cls(there.usb_vendor, there.usb_product, serial_number)

    def __str__(self) -> str:
        numbers = [self.vendor] if self.product is None else [self.vendor, self.product]
        parts = [f"{number:04x}" for number in numbers]
        if self.product is not None and self.serial_number is not None:
            parts.append(self.serial_number)
        return ":".join(("usb", *parts))

    def is_at(self, there: Plugged) -> bool:
        """Whether what is there has this name, as far as the name goes."""
        return (
            there.usb_vendor == self.vendor
            and self.product in (None, there.usb_product)
            and self.serial_number in (None, there.serial_number)
        )


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


def _is_a_word(text: str | None) -> bool:
    return bool(text) and not any(char.isspace() for char in text or "")
