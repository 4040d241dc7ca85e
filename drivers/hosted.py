"""A device behind a process: the till's end of the line to it, and what both ends have in common.

A thread that hangs in the kernel keeps its whole process from ending, even when it is killed; so
no thread of the till makes calls that may (decision 20). Knows no device, and of a message only
whether it tells of a failure.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from weakref import finalize

from drivers.errors import (
    DeviceBusy,
    DeviceForbidden,
    DeviceGone,
    DeviceHung,
    DeviceNotFound,
    DeviceUnavailable,
)
from drivers.killing import kill

# Far above a code, a command and a piece of a slip; a read returns less at once.
MESSAGE_BYTES_MAX: Final = 65_536
# The first byte of what tells that a call has failed: the error's code, a space and what was said.
_FAILED: Final = b"F"
_KINDS: Final = {
    kind.code: kind
    for kind in (DeviceBusy, DeviceForbidden, DeviceGone, DeviceNotFound, DeviceUnavailable)
}
# What a killed process gets to be gone, so that the device is free when it is opened anew.
_END_TIMEOUT_S: Final = 0.5
# What a process gets to end by itself that nobody has a use for any more.
_LAST_PATIENCE_S: Final = 1.0


def failed(error: DeviceUnavailable) -> bytes:
    """Return the message that tells the till of an error."""
    return _FAILED + f"{error.code} {error}".encode()


@contextmanager
def line_to_till() -> Iterator[socket.socket]:
    """The process's end of the line, its standard input; the block ends when the till lets go."""
    # The till ends this process; a Ctrl-C at its console is the till's to answer.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The till may let go in the middle of a word.
    with socket.socket(fileno=sys.stdin.fileno()) as line, suppress(ConnectionError):
        yield line


class Hosted:
    """One device's process: `module` is run with `arguments`; `clock` is monotonic.

    It lives no longer than this does, nor than the till.
    """

    def __init__(
        self,
        name: str,
        module: str,
        arguments: tuple[str, ...],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._command = [sys.executable, "-P", "-m", module, *arguments]
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._at_last: finalize[..., Hosted] | None = None

    @property
    def name(self) -> str:
        return self._name

    def _see_that_there_is(self, path: str) -> None:
        """Raise a DeviceUnavailable if there is no such file."""
        # No process is started every two seconds for what is unplugged.
        try:
            Path(path).stat()
        except FileNotFoundError as exc:
            raise DeviceNotFound(self._name, "there is no such port") from exc
        except OSError as exc:
            raise DeviceUnavailable(self._name, "its file cannot be looked at") from exc

    def _start(self) -> None:
        """Start the process; raises a DeviceUnavailable."""
        try:
            self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._process = subprocess.Popen(
                    self._command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL
                )
        except OSError as exc:
            raise DeviceUnavailable(self._name, "no process can be started for it") from exc
        self._at_last = finalize(self, _ended, self._process, self._line, _LAST_PATIENCE_S)

    def _say(self, order: bytes, timeout_s: float) -> None:
        """Give an order; raises DeviceGone, or DeviceHung if it is not taken in time."""
        line = self._opened()
        line.settimeout(timeout_s)
        try:
            line.send(order)
        except TimeoutError as exc:
            raise DeviceHung(self._name, "its process takes no orders") from exc
        except OSError as exc:
            raise DeviceGone(self._name, "the line to its process broke") from exc

    def _hear(self, timeout_s: float) -> bytes | None:
        """Take one message, None if none comes within `timeout_s`; raises what it tells of."""
        line = self._opened()
        # Zero would mean that the socket never waits, which raises something else.
        line.settimeout(max(timeout_s, 0.001))
        try:
            said = line.recv(MESSAGE_BYTES_MAX)
        except TimeoutError:
            return None
        except OSError as exc:
            raise DeviceGone(self._name, "the line to its process broke") from exc
        if not said:
            raise DeviceGone(self._name, "its process has ended")
        if said.startswith(_FAILED):
            raise self._failure(said.removeprefix(_FAILED).decode())
        return said

    def _await(self, wanted: bytes, timeout_s: float, otherwise: str) -> bytes:
        """Return what belongs to the first message that begins so; raises DeviceHung, and why."""
        ends_s = self._clock() + timeout_s
        while (left_s := ends_s - self._clock()) > 0:
            said = self._hear(left_s)
            if said is not None and said.startswith(wanted):
                return said.removeprefix(wanted)
        raise DeviceHung(self._name, otherwise)

    def _end(self, patience_s: float = 0) -> None:
        """End the process, which may do so by itself for a while; safe to call twice.

        One that hangs in the kernel is left behind.
        """
        at_last, self._at_last = self._at_last, None
        line, self._line = self._line, None
        process, self._process = self._process, None
        if at_last is not None:
            at_last.detach()
        _ended(process, line, patience_s)

    def _opened(self) -> socket.socket:
        if self._line is None:
            raise DeviceGone(self._name, "the port is not open")
        return self._line

    def _failure(self, told: str) -> DeviceUnavailable:
        code, _, text = told.partition(" ")
        kind = _KINDS.get(code, DeviceUnavailable)
        return kind(self._name, text.removeprefix(f"{self._name}: "))


def _ended(
    process: subprocess.Popen[bytes] | None, line: socket.socket | None, patience_s: float
) -> None:
    if line is not None:
        line.close()
    if process is None:
        return
    with suppress(subprocess.TimeoutExpired):
        process.wait(patience_s)
    kill(process, _END_TIMEOUT_S)
