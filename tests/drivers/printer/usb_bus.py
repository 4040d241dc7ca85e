"""A USB bus in software under the real pyusb: one printer, and whatever may go wrong at each call.

pyusb asks a backend for descriptors and transfers; this one has them from a `PrintedPaper`.
"""

from __future__ import annotations

import errno
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final

import usb.backend
import usb.core

from drivers.simulated.printed_paper import PrintedPaper
from drivers.usb import CLASS_HID, CLASS_PRINTER

VENDOR: Final = 0x04B8
PRODUCT: Final = 0x0E15
SERIAL: Final = "J6QY000123"
_BULK: Final = 2
# The printer is not the first interface, nor are its endpoints those that the library takes.
_HID_INTERFACE: Final = 0
PRINTER_INTERFACE: Final = 1
OUT: Final = 0x03
IN: Final = 0x84
_STRING_DESCRIPTOR: Final = 3
_LANGUAGES: Final = bytes((4, _STRING_DESCRIPTOR, 0x09, 0x04))


@dataclass
class UsbBus(usb.backend.IBackend):  # type: ignore[misc]
    """What libusb would be; `failing` names the call that fails, and how."""

    paper: PrintedPaper = field(default_factory=PrintedPaper)
    serial: str = SERIAL
    interface_class: int = CLASS_PRINTER
    endpoints: tuple[int, ...] = (OUT, IN)
    transfer_type: int = _BULK
    is_plugged_in: bool = True
    has_kernel_driver: bool = True
    # How much of a write the printer takes before its time is over; None for all of it.
    takes: int | None = None
    failing: dict[str, Exception] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    said: bytearray = field(default_factory=bytearray)
    claimed: set[int] = field(default_factory=set)
    open_handles: int = 0

    def enumerate_devices(self) -> Iterator[str]:
        self._call("enumerate_devices")
        if self.is_plugged_in:
            yield "device"

    def get_parent(self, dev: object) -> None:
        return None

    def get_device_descriptor(self, dev: object) -> SimpleNamespace:
        return SimpleNamespace(
            bLength=18,
            bDescriptorType=1,
            bcdUSB=0x200,
            bDeviceClass=0,
            bDeviceSubClass=0,
            bDeviceProtocol=0,
            bMaxPacketSize0=64,
            idVendor=VENDOR,
            idProduct=PRODUCT,
            bcdDevice=0x100,
            iManufacturer=0,
            iProduct=0,
            iSerialNumber=3,
            bNumConfigurations=1,
            address=5,
            bus=1,
            port_number=1,
            port_numbers=(1,),
            speed=3,
        )

    def get_configuration_descriptor(self, dev: object, config: int) -> SimpleNamespace:
        return SimpleNamespace(
            bLength=9,
            bDescriptorType=2,
            wTotalLength=55,
            bNumInterfaces=2,
            bConfigurationValue=1,
            iConfiguration=0,
            bmAttributes=0xC0,
            bMaxPower=1,
            extra_descriptors=b"",
        )

    def get_interface_descriptor(
        self, dev: object, intf: int, alt: int, config: int
    ) -> SimpleNamespace:
        if alt or intf > PRINTER_INTERFACE:
            raise IndexError("no such interface")
        is_printer = intf == PRINTER_INTERFACE
        return SimpleNamespace(
            bLength=9,
            bDescriptorType=4,
            bInterfaceNumber=intf,
            bAlternateSetting=0,
            bNumEndpoints=len(self.endpoints) if is_printer else 0,
            bInterfaceClass=self.interface_class if is_printer else CLASS_HID,
            bInterfaceSubClass=1,
            bInterfaceProtocol=2,
            iInterface=0,
            extra_descriptors=b"",
        )

    def get_endpoint_descriptor(
        self, dev: object, ep: int, intf: int, alt: int, config: int
    ) -> SimpleNamespace:
        return SimpleNamespace(
            bLength=7,
            bDescriptorType=5,
            bEndpointAddress=self.endpoints[ep],
            bmAttributes=self.transfer_type,
            wMaxPacketSize=64,
            bInterval=0,
            bRefresh=0,
            bSynchAddress=0,
            extra_descriptors=b"",
        )

    def open_device(self, dev: object) -> str:
        self._call("open_device")
        self.open_handles += 1
        return "handle"

    def close_device(self, dev_handle: object) -> None:
        self.open_handles -= 1

    def get_configuration(self, dev_handle: object) -> int:
        self._call("get_configuration")
        return 1

    def is_kernel_driver_active(self, dev_handle: object, intf: int) -> bool:
        self._call("is_kernel_driver_active")
        return self.has_kernel_driver and intf == PRINTER_INTERFACE

    def detach_kernel_driver(self, dev_handle: object, intf: int) -> None:
        self._call("detach_kernel_driver")
        self.has_kernel_driver = False

    def claim_interface(self, dev_handle: object, intf: int) -> None:
        self._call("claim_interface")
        if self.has_kernel_driver:
            raise usb.core.USBError("busy", -6, errno.EBUSY)
        self.claimed.add(intf)

    def release_interface(self, dev_handle: object, intf: int) -> None:
        self._call("release_interface")
        self.claimed.discard(intf)

    def bulk_write(self, dev_handle: object, ep: int, intf: int, data: Any, timeout: int) -> int:
        self._call("bulk_write")
        assert (ep, intf) == (OUT, PRINTER_INTERFACE)
        assert timeout > 0, "a write that waits for ever"
        sent = bytes(data)[: self.takes]
        if data and not sent:
            raise usb.core.USBTimeoutError("timed out", -7, errno.ETIMEDOUT)
        self.said += self.paper.feed(sent)
        return len(sent)

    def bulk_read(self, dev_handle: object, ep: int, intf: int, buff: Any, timeout: int) -> int:
        self._call("bulk_read")
        assert (ep, intf) == (IN, PRINTER_INTERFACE)
        assert timeout > 0, "a read that waits for ever"
        if not self.said:
            raise usb.core.USBTimeoutError("timed out", -7, errno.ETIMEDOUT)
        said = bytes(self.said[: len(buff)])
        del self.said[: len(said)]
        buff[: len(said)] = array("B", said)
        return len(said)

    def ctrl_transfer(
        self,
        dev_handle: object,
        bmRequestType: int,  # noqa: N803
        bRequest: int,  # noqa: N803
        wValue: int,  # noqa: N803
        wIndex: int,  # noqa: N803
        data: Any,
        timeout: int,
    ) -> int:
        self._call("ctrl_transfer")
        text = self.serial.encode("utf-16-le")
        answer = bytes((len(text) + 2, _STRING_DESCRIPTOR)) + text if wValue & 0xFF else _LANGUAGES
        data[: len(answer)] = array("B", answer)
        return len(answer)

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if name in self.failing:
            raise self.failing[name]
