"""A real pcscd with two virtual readers (vsmartcard-vpcd), apart from the machine's own pcscd.

Knows no card: a test brings its own and connects it to `PcscDaemon.port`, where vpcd listens.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from smartcard.scard import (
    SCARD_S_SUCCESS,
    SCARD_SCOPE_USER,
    SCARD_STATE_EMPTY,
    SCARD_STATE_UNAWARE,
    SCardEstablishContext,
    SCardGetStatusChange,
    SCardListReaders,
    SCardReleaseContext,
)

from tests.stacks.ports import free_port
from tests.stacks.waiting import StackError, stop, tail_of, wait_until

SOCKET_VARIABLE: Final = "PCSCLITE_CSOCK_NAME"
"""Where libpcsclite looks for pcscd; it reads this once a process, at its first call."""

SOCKET_NAME: Final = "pcscd.comm"
SYSTEM_DIRECTORY: Final = Path("/run/pcscd")
"""Compiled into Debian's pcscd as its --enable-ipcdir."""

VPCD_DRIVER: Final = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
VPCD_SLOTS: Final = 2
"""vpcd makes two readers, on the port that it is given and on the next: VICC_MAX_SLOTS in vpcd."""

READER_NAME: Final = "Virtual PCD"
START_TIMEOUT_S: Final = 20.0
"""Readers appear within 0.3 s on an idle PC; a Raspberry Pi under load gets plenty."""

PRIVATE_RUN: Final = """
mount -t tmpfs tmpfs /run && mkdir /run/pcscd && mount --bind "$1" /run/pcscd || exit 1
shift
exec "$@"
"""
"""Give pcscd a /run of its own, in which its compiled-in directory is the test's directory."""


@dataclass(slots=True)
class PcscDaemon:
    """One pcscd at a time in one directory: stop, kill and start it at will."""

    directory: Path
    port: int
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def is_running(self) -> bool:
        """True while the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The process, if there is one."""
        return None if self._process is None else self._process.pid

    @property
    def log(self) -> Path:
        """All that the daemon has said since its last start."""
        return self.directory / "pcscd.log"

    def start(self) -> None:
        """Start pcscd and return when it lists its virtual readers; StackError with its log."""
        if self.is_running:
            return
        self._sweep()
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [*_confinement(self.directory), *self._command()], stdout=log, stderr=log
            )
        try:
            wait_until(self._is_settled, START_TIMEOUT_S, "pcscd lists its readers")
        except StackError:
            self.kill()
        if not self.is_running:
            raise StackError(f"pcscd did not come up:\n{tail_of(self.log)}")

    def wait_until_empty(self) -> None:
        """Return when pcscd sees no card: it looks every 0.4 s, a test may have ended sooner."""
        wait_until(_are_empty, START_TIMEOUT_S, "pcscd sees no card")

    def stop(self) -> None:
        """End pcscd as an administrator would (SIGTERM)."""
        if self._process is not None:
            self.thaw()
            stop(self._process)
        self._process = None

    def kill(self) -> None:
        """End pcscd as a crash would (SIGKILL): its socket and pid file stay behind."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = None

    def freeze(self) -> None:
        """Have pcscd hang (SIGSTOP): it answers nobody, and its socket stays open."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)
            wait_until(self._is_frozen, START_TIMEOUT_S, "every thread of pcscd has stopped")

    def thaw(self) -> None:
        """Let a frozen pcscd go on where it was; safe at any time."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def _is_frozen(self) -> bool:
        assert self._process is not None, "only what runs can be frozen"
        # The state follows the name in parentheses: proc_pid_stat(5).
        stats = Path(f"/proc/{self._process.pid}/task").glob("*/stat")
        return all(stat.read_text().rpartition(")")[2].split()[0] == "T" for stat in stats)

    def _command(self) -> list[str]:
        readers = self.directory / "reader.conf.d"
        readers.mkdir(exist_ok=True)
        (readers / "vpcd").write_text(
            f'FRIENDLYNAME "{READER_NAME}"\n'
            f"DEVICENAME /dev/null:{self.port:#x}\n"
            f"LIBPATH {VPCD_DRIVER}\n"
            f"CHANNELID {self.port:#x}\n"
        )
        # A card that arrives is seen by polling: vpcd has no event of its own.
        return [pcscd_path(), "--foreground", "--config", str(readers)]

    def _sweep(self) -> None:
        # What a killed pcscd leaves behind would make the next one refuse to start.
        if _can_confine():
            for name in (SOCKET_NAME, "pcscd.pid"):
                (self.directory / name).unlink(missing_ok=True)

    def _is_settled(self) -> bool:
        return not self.is_running or len(_reader_names()) == VPCD_SLOTS


@contextmanager
def pcsc_daemon(directory: Path) -> Iterator[PcscDaemon]:
    """A running pcscd whose socket is `directory`/pcscd.comm; it ends with the block."""
    daemon = PcscDaemon(directory, free_port(VPCD_SLOTS))
    daemon.start()
    try:
        yield daemon
    finally:
        daemon.stop()


def point_pcsclite_at(directory: Path) -> None:
    """Make this process and its children look for pcscd in `directory`.

    Once a process and before its first PC/SC call: libpcsclite remembers what it read.
    """
    socket = directory / SOCKET_NAME
    if not _can_confine():
        socket.symlink_to(SYSTEM_DIRECTORY / SOCKET_NAME)
    os.environ[SOCKET_VARIABLE] = str(socket)


def pcscd_path() -> str:
    """Where pcscd is; Debian keeps it in /usr/sbin, which an ordinary user's PATH lacks."""
    path = shutil.which("pcscd") or shutil.which("pcscd", path="/usr/sbin:/sbin")
    if path is None:
        raise StackError("pcscd is not installed: run deploy/setup.sh test")
    return path


@cache
def _namespace() -> tuple[str, ...]:
    return (
        ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "--map-root-user", "--mount")
    )


@cache
def _can_confine() -> bool:
    """False in a container without CAP_SYS_ADMIN: there pcscd uses the container's own /run."""
    return subprocess.run([*_namespace(), "true"], capture_output=True, check=False).returncode == 0


def _confinement(directory: Path) -> tuple[str, ...]:
    if not _can_confine():
        return ()
    return (*_namespace(), "sh", "-c", PRIVATE_RUN, "sh", str(directory))


def _reader_names() -> list[str]:
    with _context() as context:
        return [] if context is None else _names(context)


def _are_empty() -> bool:
    """Whether pcscd has readers, and no card in any of them."""
    with _context() as context:
        if context is None:
            return False
        asked = [(name, SCARD_STATE_UNAWARE) for name in _names(context)]
        _, states = SCardGetStatusChange(context, 0, asked)
        return bool(states) and all(state & SCARD_STATE_EMPTY for _, state, _ in states)


def _names(context: int) -> list[str]:
    _, names = SCardListReaders(context, [])
    return [name for name in names if name.startswith(READER_NAME)]


@contextmanager
def _context() -> Iterator[int | None]:
    """Yield a context of pcscd's, None if it gives none."""
    result, context = SCardEstablishContext(SCARD_SCOPE_USER)
    if result != SCARD_S_SUCCESS:
        yield None
        return
    try:
        yield context
    finally:
        SCardReleaseContext(context)
