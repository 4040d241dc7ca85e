"""The line to a printer on USB, by libusb. Knows no command.

python-escpos takes a printer's first interface with endpoints 01 and 82, resets it at each opening,
and loses what pyusb did not send in time; none of that is so here.
"""

from __future__ import annotations

import errno
from contextlib import suppress
from typing import Any, Final

from drivers.errors import DeviceGone, DeviceUnavailable
from drivers.printer.library import FOREIGN, Usb, translated
from drivers.printer.sending import READ_BYTES, WRITE_TIMEOUT_S, chunks
from drivers.usb import CLASS_PRINTER, UsbName

# A status has four bytes at the most: more reads than this are no leftovers.
_STALE_READS_MAX: Final = 16
_MS: Final = 1_000
# The bits of a USB endpoint's address and attributes (USB 2.0, 9.6.6).
_ENDPOINT_IN: Final = 0x80
_TRANSFER_TYPE: Final = 0x03
_BULK: Final = 0x02


class UsbPort:
    """A printer on USB, by libusb: the first interface of the printers' class that answers.

    The kernel's own driver is asked to let go of it.
    """

    is_shared: Final = False
    can_answer: Final = True

    def __init__(self, name: UsbName) -> None:
        self._usb_name = name
        self._library = _PoliteUsb(name)

    @property
    def name(self) -> str:
        return str(self._usb_name)

    def open(self) -> None:
        self.close()
        with translated(self.name, DeviceUnavailable):
            self._library.open()
        with suppress(*FOREIGN):
            # What the printer said to whoever was here before; one that chatters is not waited for.
            for _ in range(_STALE_READS_MAX):
                if not self._received(0):
                    break

    def send(self, data: bytes) -> None:
        device = self._device()
        with translated(self.name, DeviceGone):
            for chunk in chunks(data):
                sent = device.write(self._library.out_ep, chunk, _ms(WRITE_TIMEOUT_S))
                if sent != len(chunk):
                    # Pyusb returns what went out before the time was over; the library drops it.
                    raise DeviceGone(self.name, "the printer does not read")

    def receive(self, timeout_s: float) -> bytes:
        self._device()
        with translated(self.name, DeviceGone):
            return self._received(timeout_s)

    def drain(self, timeout_s: float) -> bool:
        """Nothing is kept on the way: a write returns when the printer has taken it."""
        self._device()
        return True

    def close(self) -> None:
        with suppress(*FOREIGN):
            self._library.close()
        self._library.device = False

    def _received(self, timeout_s: float) -> bytes:
        device = self._device()
        if self._library.in_ep is None:
            return b""
        try:
            return bytes(device.read(self._library.in_ep, READ_BYTES, max(1, _ms(timeout_s))))
        except OSError as exc:
            if exc.errno == errno.ETIMEDOUT:
                return b""
            raise

    def _device(self) -> Any:
        device = self._library._device  # noqa: SLF001
        if not device:
            raise DeviceGone(self.name, "the printer is not open")
        return device


class _PoliteUsb(Usb):  # type: ignore[misc]
    """The library's USB printer, at the endpoints that the printer has, and not reset.

    The library takes interface 0 with endpoints 01 and 82, and resets the printer each time, which
    makes some of them vanish from the bus.
    """

    def __init__(self, name: UsbName) -> None:
        arguments: dict[str, Any] = {"custom_match": lambda device: _is_named(device, name)}
        super().__init__(name.vendor, name.product, arguments)

    def _check_driver(self) -> None:
        """Left to `_configure_usb`, which knows the interface."""

    def _configure_usb(self) -> None:
        device = self._device
        interface = _printer_interface(device)
        number = interface.bInterfaceNumber
        with suppress(NotImplementedError):
            if device.is_kernel_driver_active(number):
                device.detach_kernel_driver(number)
        bulk = _bulk_endpoints(interface)
        self.out_ep = next(address for address in bulk if not address & _ENDPOINT_IN)
        self.in_ep = next((address for address in bulk if address & _ENDPOINT_IN), None)


def _printer_interface(device: Any) -> Any:
    """Return the interface to print by; raises OSError for what is no printer."""
    for interface in device.get_active_configuration():
        takes_data = any(not address & _ENDPOINT_IN for address in _bulk_endpoints(interface))
        if interface.bInterfaceClass == CLASS_PRINTER and takes_data:
            return interface
    raise OSError(errno.ENODEV, "it has no printer's interface")


def _bulk_endpoints(interface: Any) -> list[int]:
    return [
        endpoint.bEndpointAddress
        for endpoint in interface
        if endpoint.bmAttributes & _TRANSFER_TYPE == _BULK
    ]


def _is_named(device: Any, name: UsbName) -> bool:
    if name.serial_number is None:
        return True
    with suppress(*FOREIGN):
        # Reading it takes the right to open the device; one that we may not open is not ours.
        return bool(device.serial_number == name.serial_number)
    return False


def _ms(seconds: float) -> int:
    return round(seconds * _MS)
