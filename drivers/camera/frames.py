"""Frames from a V4L2 camera, by the system's own v4l2-ctl in a process of its own.

A camera's driver that hangs in the kernel hangs that process, which is killed, and not the till.
Knows no code.
"""

from __future__ import annotations

import os
import re
import select
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from drivers.errors import (
    DeviceBusy,
    DeviceForbidden,
    DeviceGone,
    DeviceNotFound,
    DeviceUnavailable,
)
from drivers.killing import kill

PROGRAM: Final = ("v4l2-ctl",)
# What USB cameras deliver uncompressed; a code of 85 modules has some eight pixels a module in it.
_WISH: Final = "width=1280,height=720,pixelformat=YUYV"
# Setting a format takes a camera milliseconds.
_FORMAT_TIMEOUT_S: Final = 3.0
_END_TIMEOUT_S: Final = 1.0
# A pipe's own size: more is not there at once.
_CHUNK_BYTES: Final = 65_536
# How v4l2-ctl prints a format. YUYV is brightness and colour by turns, GREY brightness alone.
_SIZE: Final = re.compile(r"Width/Height\s*:\s*(\d+)/(\d+)")
_PIXELS: Final = re.compile(r"Pixel Format\s*:\s*'(\w+)'")
_BYTES_A_PIXEL: Final = {"YUYV": 2, "GREY": 1}


@dataclass(frozen=True, slots=True)
class Frame:
    """The brightness of `height` rows of `width` pixels, one byte each, from the top."""

    width: int
    height: int
    pixels: bytes


@dataclass(frozen=True, slots=True)
class Format:
    """How the camera's frames come."""

    width: int
    height: int
    name: str

    @property
    def frame_bytes(self) -> int:
        """Return how long a frame is."""
        return self.width * self.height * _BYTES_A_PIXEL[self.name]

    def frame(self, data: bytes) -> Frame:
        """Return the frame that these bytes are."""
        return Frame(self.width, self.height, data[:: _BYTES_A_PIXEL[self.name]])


class V4l2Camera:
    """One camera while it is open; `program` is what streams it."""

    def __init__(self, path: Path, program: Sequence[str] = PROGRAM) -> None:
        self._path = path
        self._program = (*program, "--device", str(path))
        self._stream: subprocess.Popen[bytes] | None = None
        self._format = Format(0, 0, "GREY")
        self._arrived = bytearray()
        # What the program says goes to a file: a pipe that nobody empties would stop it.
        self._said: IO[bytes] | None = None

    @property
    def name(self) -> str:
        return str(self._path)

    def open(self) -> None:
        """Begin to stream; raises a DeviceUnavailable."""
        if not self._path.exists():
            raise DeviceNotFound(self.name, "no such camera")
        if not os.access(self._path, os.R_OK | os.W_OK):
            raise DeviceForbidden(self.name, "the camera may not be opened")
        self._format = self._settled()
        wish = f"width={self._format.width},height={self._format.height}"
        self._said = self._place_for_words()
        self._stream = self._started(
            self._said,
            f"--set-fmt-video={wish},pixelformat={self._format.name}",
            "--stream-mmap",
            "--stream-to=-",
        )

    def frame(self, timeout_s: float) -> Frame | None:
        """Return the next frame, or None if none has come in `timeout_s`; raises DeviceGone."""
        ends_s = time.monotonic() + timeout_s
        while len(self._arrived) < self._format.frame_bytes:
            if not self._has_more(max(ends_s - time.monotonic(), 0)):
                return None
        data = bytes(self._arrived[: self._format.frame_bytes])
        del self._arrived[: len(data)]
        return self._format.frame(data)

    def close(self) -> None:
        """End the stream; safe to call twice."""
        said, self._said = self._said, None
        stream, self._stream = self._stream, None
        self._arrived.clear()
        if said is not None:
            said.close()
        if stream is None:
            return
        # One that hangs in the kernel ends when the camera is unplugged.
        kill(stream, _END_TIMEOUT_S)
        if stream.stdout is not None:
            stream.stdout.close()

    def _settled(self) -> Format:
        """Ask for frames that can be read, and return what the camera makes of it."""
        command = [*self._program, f"--set-fmt-video={_WISH}", "--get-fmt-video"]
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=_FORMAT_TIMEOUT_S, check=False
            )
        except FileNotFoundError as exc:
            raise DeviceUnavailable(self.name, f"{self._program[0]} is not installed") from exc
        except (OSError, subprocess.TimeoutExpired) as exc:
            raise DeviceUnavailable(self.name, "the camera does not answer") from exc
        size = _SIZE.search(done.stdout.decode(errors="replace"))
        pixels = _PIXELS.search(done.stdout.decode(errors="replace"))
        if done.returncode != 0 or size is None or pixels is None:
            raise self._trouble(done.stderr)
        if pixels[1] not in _BYTES_A_PIXEL:
            raise DeviceUnavailable(self.name, f"its frames are {pixels[1]}, which is not read")
        return Format(int(size[1]), int(size[2]), pixels[1])

    def _place_for_words(self) -> IO[bytes]:
        try:
            return tempfile.TemporaryFile()
        except OSError as exc:
            raise DeviceUnavailable(self.name, "there is no room for its messages") from exc

    def _started(self, said: IO[bytes], *options: str) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [*self._program, *options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=said,
            )
        except OSError as exc:
            raise DeviceUnavailable(self.name, "the camera cannot be streamed") from exc

    def _has_more(self, timeout_s: float) -> bool:
        """Take what has come; False when nothing does. Raises DeviceGone at the stream's end."""
        if self._stream is None or self._stream.stdout is None or self._said is None:
            raise DeviceGone(self.name, "the camera is not open")
        pipe = self._stream.stdout.fileno()
        try:
            if not select.select((pipe,), (), (), timeout_s)[0]:
                return False
            data = os.read(pipe, _CHUNK_BYTES)
            if not data:
                self._said.seek(0)
                raise self._trouble(self._said.read())
        except OSError as exc:
            raise DeviceGone(self.name, "the stream broke") from exc
        self._arrived += data
        return True

    def _trouble(self, told: bytes) -> DeviceUnavailable:
        says = told.decode(errors="replace").strip() or "the stream has ended"
        kind = DeviceBusy if "busy" in says.lower() else DeviceGone
        return kind(self.name, says.splitlines()[-1])
