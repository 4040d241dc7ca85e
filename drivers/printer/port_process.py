"""A printer's line in a process of its own: what a call on it can hang is this, not the till.

    python -m drivers.printer.port_process usb USB_NAME
    python -m drivers.printer.port_process serial PATH BAUD_RATE
    python -m drivers.printer.port_process file PATH

Standard input is a socket to `hosted_port`: each message on it is an order, one `Word` and what
belongs to it, and has one answer. Ends when the socket does. Knows bytes, not commands.
"""

from __future__ import annotations

import socket
import struct
import sys
from contextlib import closing
from enum import Enum
from pathlib import Path
from typing import TypeAlias

from drivers.errors import DeviceUnavailable
from drivers.hosted import MESSAGE_BYTES_MAX, failed, line_to_till
from drivers.printer.names import FileName, SerialName
from drivers.printer.ports import port_of
from drivers.printer.printer_port import PrinterPort
from drivers.usb import UsbName

LocalName: TypeAlias = UsbName | SerialName | FileName


class Word(Enum):
    """What a message is, by its first byte: the lower ones are orders, the other is the answer.

    What has failed is answered as `drivers.hosted` has it.
    """

    OPEN = b"o"
    CLOSE = b"c"
    SEND = b"s"
    # Behind these two the time that it may take.
    RECEIVE = b"r"
    DRAIN = b"d"
    DONE = b"D"


def packed(timeout_s: float) -> bytes:
    """Return a time as it goes over the socket."""
    return struct.pack("!d", timeout_s)


def arguments_of(name: LocalName) -> tuple[str, ...]:
    """Return what the command line says of a printer."""
    match name:
        case UsbName():
            return "usb", str(name)
        case SerialName():
            return "serial", str(name.path), str(name.baud_rate)
        case FileName():
            return "file", str(name.path)


def name_of(arguments: list[str]) -> LocalName | None:
    """Return the printer that a command line says, or None if it makes no sense."""
    match arguments:
        case ["usb", name]:
            return UsbName.parse(name)
        case ["serial", path, baud_rate]:
            return SerialName(Path(path), int(baud_rate))
        case ["file", path]:
            return FileName(Path(path))
    return None


def serve(line: socket.socket, port: PrinterPort) -> None:
    """Obey until the line ends; then what the printer has not taken is dropped."""
    with closing(port):
        while order := line.recv(MESSAGE_BYTES_MAX):
            line.send(_answer(port, Word(order[:1]), order[1:]))


def _answer(port: PrinterPort, word: Word, data: bytes) -> bytes:
    try:
        return Word.DONE.value + _obey(port, word, data)
    except DeviceUnavailable as exc:
        return failed(exc)


def _obey(port: PrinterPort, word: Word, data: bytes) -> bytes:
    if word is Word.RECEIVE:
        return port.receive(_unpacked(data))
    if word is Word.DRAIN:
        return bytes([port.drain(_unpacked(data))])
    if word is Word.SEND:
        port.send(data)
    elif word is Word.OPEN:
        port.open()
    else:
        port.close()
    return b""


def _unpacked(data: bytes) -> float:
    (timeout_s,) = struct.unpack("!d", data)
    return float(timeout_s)


def main() -> None:
    """Serve the printer that the command line names."""
    name = name_of(sys.argv[1:])
    if name is None:
        sys.exit(__doc__)
    with line_to_till() as line:
        serve(line, port_of(name))


if __name__ == "__main__":
    main()
