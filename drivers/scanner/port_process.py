"""A serial port in a process of its own: what a system call on it can hang is this, not the till.

    python -m drivers.scanner.port_process PATH BAUD_RATE

Standard input is a socket to `hosted_port`, each message on it one `Word` and what belongs to it.
Ends when the socket does. Knows bytes, not codes.
"""

from __future__ import annotations

import select
import socket
import sys
from contextlib import closing
from enum import Enum

from drivers.errors import DeviceUnavailable
from drivers.hosted import MESSAGE_BYTES_MAX, failed, line_to_till
from drivers.scanner.serial_port import SerialPort


class Word(Enum):
    """What a message is, by its first byte: the lower ones are orders, the others reports.

    What has failed is told as `drivers.hosted` has it.
    """

    WRITE = b"w"
    ASK = b"a"
    OPENED = b"O"
    WRITTEN = b"W"
    ALIVE = b"A"
    READ = b"R"


def message(word: Word, data: bytes = b"") -> bytes:
    """Return a message as it goes over the socket."""
    return word.value + data


def parsed(data: bytes) -> tuple[Word, bytes]:
    """Return what a message is, and what belongs to it."""
    return Word(data[:1]), data[1:]


def serve(line: socket.socket, port: SerialPort) -> None:
    """Open the port and carry bytes both ways, until the line ends or the port fails."""
    try:
        with closing(port):
            port.open()
            line.send(message(Word.OPENED))
            _carry(line, port)
    except DeviceUnavailable as exc:
        line.send(failed(exc))


def _carry(line: socket.socket, port: SerialPort) -> None:
    while True:
        ready, _, _ = select.select((line.fileno(), port.fileno()), (), ())
        if port.fileno() in ready and (data := port.read(0)):
            line.send(message(Word.READ, data[: MESSAGE_BYTES_MAX - 1]))
        if line.fileno() in ready:
            order = line.recv(MESSAGE_BYTES_MAX)
            if not order:
                return
            _obey(line, port, order)


def _obey(line: socket.socket, port: SerialPort, order: bytes) -> None:
    word, data = parsed(order)
    if word is Word.WRITE:
        port.write(data)
        line.send(message(Word.WRITTEN))
    elif word is Word.ASK:
        line.send(message(Word.ALIVE))


def main() -> None:
    """Serve the port that the command line names."""
    path, baud_rate = sys.argv[1:]
    with line_to_till() as line:
        serve(line, SerialPort(path, int(baud_rate)))


if __name__ == "__main__":
    main()
