"""Pictures of codes through the whole camera: a streaming process, frames, zxing-cpp, reports."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Final

import pytest
import zxingcpp
from PIL import Image

from drivers.camera.camera_scanner import REPEAT_S, SILENT_MAX_S, CameraScanner
from drivers.camera.codes import texts_in
from drivers.camera.frames import Frame, V4l2Camera
from drivers.errors import (
    DeviceBusy,
    DeviceForbidden,
    DeviceGone,
    DeviceNotFound,
    DeviceUnavailable,
    NextStep,
)
from drivers.scanner.framer import Scanned, ScanReport
from kscoin.qr_picture import qr_picture

PROGRAM: Final = Path(__file__).with_name("streaming_program.py")
WIDTH, HEIGHT = 640, 480
TIMEOUT_S: Final = 20.0
PAYMENT: Final = "KS1:" + "6BF%TK80$*" * 70
"""As long as an offline phone's debit."""

NOTHING: Final = Frame(WIDTH, HEIGHT, bytes([200]) * (WIDTH * HEIGHT))


def frame_of(picture: Image.Image, angle: float = 0) -> Frame:
    """A camera's view of a code: on grey, turned, not quite sharp."""
    view = Image.new("L", (WIDTH, HEIGHT), 180)
    turned = picture.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=180)
    view.paste(turned, ((WIDTH - turned.width) // 2, (HEIGHT - turned.height) // 2))
    return Frame(WIDTH, HEIGHT, view.tobytes())


def phone(text: str) -> Image.Image:
    code = qr_picture(text)
    picture = Image.frombytes("L", (code.side, code.side), code.pixels)
    side = code.side * max(1, 400 // code.side)
    return picture.resize((side, side), Image.Resampling.NEAREST)


def goods(digits: str) -> Image.Image:
    code = zxingcpp.create_barcode(digits, zxingcpp.BarcodeFormat.EAN13)
    return Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=3))


@pytest.mark.parametrize("angle", [0, 7, 90, 200])
@pytest.mark.parametrize("text", ["KS1:6BF%TK80 $*", PAYMENT])
def test_a_phone_is_read_however_it_is_held(text: str, angle: float) -> None:
    assert texts_in(frame_of(phone(text), angle)) == [text]


def test_goods_are_read_as_their_number() -> None:
    assert texts_in(frame_of(goods("8801062636471"))) == ["8801062636471"]


def test_where_there_is_no_code_there_is_no_text() -> None:
    assert texts_in(NOTHING) == []


Camera = Callable[..., V4l2Camera]


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[Camera]:
    """Makes cameras whose process streams these frames, YUYV unless told otherwise."""
    opened: list[V4l2Camera] = []
    device = tmp_path / "video0"
    device.touch()

    def make(*frames: Frame, wrong: str = "", name: str = "YUYV") -> V4l2Camera:
        data = b"".join(map(yuyv if name == "YUYV" else pixels, frames))
        (tmp_path / "frames").write_bytes(data)
        size = (str(WIDTH), str(HEIGHT))
        program = (sys.executable, str(PROGRAM), name, *size, str(tmp_path / "frames"), wrong)
        opened.append(V4l2Camera(device, program))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def yuyv(frame: Frame) -> bytes:
    data = bytearray(b"\x80" * (2 * len(frame.pixels)))
    data[::2] = frame.pixels
    return bytes(data)


def pixels(frame: Frame) -> bytes:
    return frame.pixels


@pytest.mark.parametrize("name", ["YUYV", "GREY"])
def test_frames_come_as_they_were_sent(camera: Camera, name: str) -> None:
    sent = [frame_of(phone(PAYMENT)), NOTHING]
    streamed = camera(*sent, name=name)
    streamed.open()

    assert [streamed.frame(TIMEOUT_S) for _ in sent] == sent
    with pytest.raises(DeviceGone, match="the stream has ended"):
        streamed.frame(TIMEOUT_S)


def test_a_camera_that_hangs_is_waited_for_no_longer_than_asked_and_ends(camera: Camera) -> None:
    streamed = camera(NOTHING, wrong="hangs")
    streamed.open()

    assert streamed.frame(TIMEOUT_S) == NOTHING
    assert streamed.frame(0) is None
    streamed.close()
    streamed.close()
    with pytest.raises(DeviceGone):
        streamed.frame(0)


def test_a_camera_that_another_program_holds(camera: Camera) -> None:
    streamed = camera(wrong="busy")
    streamed.open()
    with pytest.raises(DeviceBusy):
        streamed.frame(TIMEOUT_S)


def test_what_is_no_camera(camera: Camera) -> None:
    with pytest.raises(DeviceGone, match="Cannot open device"):
        camera(wrong="cannot open").open()


def test_frames_that_are_not_read_are_named(camera: Camera) -> None:
    with pytest.raises(DeviceUnavailable, match="MJPG"):
        camera(name="MJPG").open()


def test_a_camera_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DeviceNotFound):
        V4l2Camera(tmp_path / "video9").open()


def test_a_camera_that_may_not_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "video0").touch()
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(DeviceForbidden):
        V4l2Camera(tmp_path / "video0").open()


SYSTEM_ERRORS: Final = [
    OSError(errno.EIO, "input/output error"),
    OSError(errno.EMFILE, "too many open files"),
    OSError(errno.ENOSPC, "no space left on device"),
    PermissionError(errno.EACCES, "permission denied"),
    InterruptedError(errno.EINTR, "interrupted"),
]


@pytest.mark.parametrize("error", SYSTEM_ERRORS)
@pytest.mark.parametrize(
    ("call", "kind"),
    [
        ("subprocess.run", DeviceUnavailable),
        ("tempfile.TemporaryFile", DeviceUnavailable),
        ("subprocess.Popen", DeviceUnavailable),
        ("select.select", DeviceGone),
        ("os.read", DeviceGone),
    ],
)
def test_each_error_of_each_call(
    camera: Camera,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    kind: type[DeviceUnavailable],
    error: OSError,
) -> None:
    streamed = camera(NOTHING)

    def fail(*arguments: object, **options: object) -> None:
        raise error

    if kind is DeviceGone:
        streamed.open()
    with monkeypatch.context() as patched:
        patched.setattr(call, fail)
        with pytest.raises(kind) as raised:
            use(streamed)
    assert raised.value.device == streamed.name
    assert raised.value.__cause__ is error
    assert not raised.value.money_may_have_moved
    assert raised.value.next_step in NextStep


def use(camera: V4l2Camera) -> None:
    if camera._stream is None:
        camera.open()
    camera.frame(TIMEOUT_S)


def test_a_machine_without_the_program(tmp_path: Path) -> None:
    (tmp_path / "video0").touch()
    with pytest.raises(DeviceUnavailable, match="is not installed"):
        V4l2Camera(tmp_path / "video0", ("no-such-v4l2-ctl",)).open()


class Views:
    """A camera that sees these frames, one a second part; then `stopping` is set."""

    name = "camera"

    def __init__(self, stopping: Event, step_s: float, *frames: Frame | None) -> None:
        self._stopping = stopping
        self._step_s = step_s
        self._frames = list(frames)
        self.now_s = 0.0

    def clock(self) -> float:
        return self.now_s

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def frame(self, timeout_s: float) -> Frame | None:
        self.now_s += self._step_s
        if len(self._frames) == 1:
            self._stopping.set()
        return self._frames.pop(0)


def seen(step_s: float, *frames: Frame | None) -> list[ScanReport]:
    stopping = Event()
    views = Views(stopping, step_s, *frames)
    reports: list[ScanReport] = []
    CameraScanner(views, reports.append, views.clock).serve(stopping)
    return reports


def test_a_phone_before_the_camera_is_reported_once_and_again_when_it_was_away() -> None:
    shown = frame_of(phone("KS1:A"))
    away = [NOTHING] * 4
    reports = seen(REPEAT_S / 4, shown, NOTHING, shown, shown, *away, shown)

    assert reports == [Scanned("KS1:A")] * 2


def test_a_camera_that_falls_silent_is_gone() -> None:
    with pytest.raises(DeviceGone, match="no frames"):
        seen(SILENT_MAX_S / 2, NOTHING, None, None, NOTHING)


def test_a_slow_camera_is_none() -> None:
    assert seen(SILENT_MAX_S / 2, NOTHING, None, NOTHING, None, NOTHING) == []


def test_a_code_through_everything(camera: Camera) -> None:
    stopping = Event()
    reports: list[ScanReport] = []

    def report(scan: ScanReport) -> None:
        reports.append(scan)
        stopping.set()

    scanner = CameraScanner(camera(NOTHING, frame_of(phone(PAYMENT)), wrong="hangs"), report)
    scanner.open()
    scanner.serve(stopping)
    scanner.close()

    assert reports == [Scanned(PAYMENT)]
