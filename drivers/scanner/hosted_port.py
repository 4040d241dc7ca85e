"""A serial port whose system calls run in another process, which is killed when it hangs.

A thread that hangs in the kernel keeps its whole process from ending, even when it is killed; so
no thread of the till makes such calls (decision 20). Knows bytes, not codes.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drivers.errors import (
    DeviceBusy,
    DeviceForbidden,
    DeviceGone,
    DeviceHung,
    DeviceNotFound,
    DeviceUnavailable,
)
from drivers.scanner.port_process import MESSAGE_BYTES_MAX, Word, message, parsed

_KINDS: Final = {
    kind.code: kind
    for kind in (DeviceBusy, DeviceForbidden, DeviceGone, DeviceNotFound, DeviceUnavailable)
}
# What a killed process gets to be gone, so that the port is free again when it is opened anew.
_END_TIMEOUT_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call on the port may take before it hangs."""

    # A Raspberry Pi starts Python in half a second, under load in a few; a port opens in
    # milliseconds.
    open_s: float = 5.0
    # A port that takes no bytes gives up after a second by itself (`serial_port`); one that has
    # not even done that hangs.
    write_s: float = 2.0
    # A process that has said nothing for this long is asked, and has as long to answer.
    silence_s: float = 2.0


class HostedPort:
    """The same as a `serial_port.SerialPort`, for the price of a process; `clock` is monotonic."""

    def __init__(
        self,
        path: str,
        baud_rate: int,
        patience: Patience = Patience(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._baud_rate = baud_rate
        self._patience = patience
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._arrived: deque[bytes] = deque()
        self._heard_s = 0.0
        self._asked_s: float | None = None

    @property
    def name(self) -> str:
        return self._path

    def open(self) -> None:
        """Open and lock the port; raises a DeviceUnavailable."""
        self.close()
        self._see_that_it_is_there()
        try:
            self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._process = self._started(theirs)
        except OSError as exc:
            raise DeviceUnavailable(self._path, "no process can be started for it") from exc
        self._await(Word.OPENED, self._patience.open_s, "to open it does not come back")

    def read(self, timeout_s: float) -> bytes:
        """Return what has arrived, or nothing after `timeout_s`; raises a DeviceUnavailable."""
        if not self._arrived:
            self._hear(timeout_s)
            self._see_that_it_lives()
        return self._arrived.popleft() if self._arrived else b""

    def write(self, data: bytes) -> None:
        """Send bytes to the device; raises DeviceGone, or DeviceHung if it does not even refuse."""
        self._say(message(Word.WRITE, data))
        self._await(Word.WRITTEN, self._patience.write_s, "it does not take what is sent to it")

    def close(self) -> None:
        """End the process; safe to call twice. One that hangs in the kernel is left behind."""
        line, self._line = self._line, None
        process, self._process = self._process, None
        self._arrived.clear()
        if line is not None:
            line.close()
        if process is not None:
            process.kill()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_END_TIMEOUT_S)

    def _see_that_it_is_there(self) -> None:
        # No process is started every two seconds for a port that is unplugged.
        try:
            Path(self._path).stat()
        except FileNotFoundError as exc:
            raise DeviceNotFound(self._path, "there is no such port") from exc
        except OSError as exc:
            raise DeviceUnavailable(self._path, "its file cannot be looked at") from exc

    def _started(self, line: socket.socket) -> subprocess.Popen[bytes]:
        module = "drivers.scanner.port_process"
        command = [sys.executable, "-P", "-m", module, self._path, str(self._baud_rate)]
        return subprocess.Popen(command, stdin=line.fileno(), stdout=subprocess.DEVNULL)

    def _await(self, wanted: Word, timeout_s: float, otherwise: str) -> None:
        ends_s = self._clock() + timeout_s
        while (left_s := ends_s - self._clock()) > 0:
            if self._hear(left_s) is wanted:
                return
        raise DeviceHung(self._path, otherwise)

    def _see_that_it_lives(self) -> None:
        now_s, patience_s = self._clock(), self._patience.silence_s
        if self._asked_s is not None:
            if now_s - self._asked_s >= patience_s:
                raise DeviceHung(self._path, "a call on it does not come back")
        elif now_s - self._heard_s >= patience_s:
            self._asked_s = now_s
            self._say(message(Word.ASK))

    def _hear(self, timeout_s: float) -> Word | None:
        """Take one message of the process; None if none comes within `timeout_s`."""
        line = self._opened()
        # Zero would mean that the socket never waits, which raises something else.
        line.settimeout(max(timeout_s, 0.001))
        try:
            said = line.recv(MESSAGE_BYTES_MAX)
        except TimeoutError:
            return None
        except OSError as exc:
            raise DeviceGone(self._path, "the line to its process broke") from exc
        if not said:
            raise DeviceGone(self._path, "its process has ended")
        self._heard_s, self._asked_s = self._clock(), None
        word, data = parsed(said)
        if word is Word.FAILED:
            raise self._failure(data.decode())
        if word is Word.READ:
            self._arrived.append(data)
        return word

    def _say(self, order: bytes) -> None:
        line = self._opened()
        line.settimeout(self._patience.write_s)
        try:
            line.send(order)
        except TimeoutError as exc:
            raise DeviceHung(self._path, "its process takes no orders") from exc
        except OSError as exc:
            raise DeviceGone(self._path, "the line to its process broke") from exc

    def _opened(self) -> socket.socket:
        if self._line is None:
            raise DeviceGone(self._path, "the port is not open")
        return self._line

    def _failure(self, told: str) -> DeviceUnavailable:
        code, _, text = told.partition(" ")
        kind = _KINDS.get(code, DeviceUnavailable)
        return kind(self._path, text.removeprefix(f"{self._path}: "))
