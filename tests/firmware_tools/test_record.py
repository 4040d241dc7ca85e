"""A scanner's session is recorded from a real port, says no secret, and replays as it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from threading import Event, Thread

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import DeviceGone, DeviceNotFound
from drivers.scanner.discovery import FoundScanner
from drivers.scanner.framer import Fault, Scanned, ScanReport, Unreadable
from drivers.scanner.profiles import GENERIC, GM65, HONEYWELL, profile_named
from drivers.scanner.scanner import Scanner
from drivers.scanner.serial_port import PortInfo
from drivers.simulated.pty_scanner import PtyScanner
from firmware_tools.cli import main
from firmware_tools.errors import RecordingUnusable
from firmware_tools.record_command import Bench, Session, sought
from firmware_tools.recording import (
    Heading,
    Piece,
    Recording,
    ReplayedLine,
    Way,
    heading_line,
    masked,
    parse,
    piece_line,
)

RECORDINGS = Path(__file__).parent / "recordings"
HEADING = Heading("/dev/ttyACM0", "generic", 115_200, is_masked=True)
XENON = PortInfo("/dev/ttyACM0", "Xenon", min(HONEYWELL.usb_vendors), 0x0B6A, "S1")
FOUND = FoundScanner(XENON, HONEYWELL)

# What the driver makes of each recording that came with a bug report, or was made for a test.
EXPECTED: dict[str, list[ScanReport]] = {
    "gm65_on_a_pty.jsonl": [
        Scanned("0000000000000"),
        Unreadable(Fault.NOT_TEXT),
        Scanned("AA0:0AAA%AA00 $*"),
    ],
}


@dataclass
class Line:
    """A line that delivers these pieces, a tenth of a second apart; then its end comes."""

    pieces: list[bytes | Exception]
    now_s: float = 100.0
    written: list[bytes] = field(default_factory=list)
    name: str = "line"

    def clock(self) -> float:
        return self.now_s

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def read(self, timeout_s: float) -> bytes:
        self.now_s += 0.1 if self.pieces else 1_000
        piece = self.pieces.pop(0) if self.pieces else b""
        if isinstance(piece, Exception):
            raise piece
        return piece


def recorded(line: Line, *, is_masked: bool = True, is_triggered: bool = False) -> Recording:
    """Record what the line delivers."""
    out = StringIO()
    bench = Bench(lambda: (XENON,), lambda path, rate: line, line.clock)
    session = Session(bench, FOUND, out, lambda report: None)
    session.run(60, is_masked=is_masked, is_triggered=is_triggered)
    return parse(out.getvalue().splitlines())


def replayed(recording: Recording) -> list[ScanReport]:
    """What the driver makes of a recording."""
    profile = profile_named(recording.heading.profile)
    assert profile is not None
    ended = Event()
    line = ReplayedLine(recording, ended)
    reports: list[ScanReport] = []
    Scanner(line, profile, reports.append, line.clock).serve(ended)
    return reports


@pytest.mark.parametrize("path", sorted(RECORDINGS.iterdir()), ids=lambda path: path.name)
def test_a_recording_replays_as_it_was(path: Path) -> None:
    assert replayed(parse(path.read_text().splitlines())) == EXPECTED[path.name]


def test_bytes_and_times_of_both_ways_are_kept() -> None:
    line = Line([b"88010626\r", b"", b"K", b"S1:AB\r\n"])
    recording = recorded(line, is_masked=False, is_triggered=True)

    assert recording == Recording(
        Heading("usb:0c2e:0b6a", "honeywell", 115_200, is_masked=False),
        (
            Piece(0, Way.TO_DEVICE, HONEYWELL.trigger),
            Piece(100, Way.FROM_DEVICE, b"88010626\r"),
            Piece(300, Way.FROM_DEVICE, b"K"),
            Piece(400, Way.FROM_DEVICE, b"S1:AB\r\n"),
        ),
    )
    assert line.written == [HONEYWELL.trigger]
    assert replayed(recording) == [Scanned("88010626"), Scanned("KS1:AB")]


def test_what_is_scanned_is_made_unreadable() -> None:
    recording = recorded(Line([b"KS1:6BF%TK80 a\x00\xff\r"]))

    assert [piece.data for piece in recording.pieces] == [b"AA0:0AA%AA00 a\x00\xff\r"]
    assert "S1" not in heading_line(recording.heading)


@given(st.binary(max_size=200))
def test_a_mask_keeps_lengths_ends_and_alphabets(data: bytes) -> None:
    hidden = masked(data)

    assert len(hidden) == len(data)
    assert masked(hidden) == hidden
    for before, after in zip(data, hidden, strict=True):
        assert (before == after) or bytes([before]).isalnum()


def test_what_was_recorded_until_the_line_broke_is_kept() -> None:
    out = StringIO()
    line = Line([b"123", DeviceGone("line", "unplugged")])
    session = Session(
        Bench(lambda: (), lambda path, rate: line, line.clock), FOUND, out, lambda report: None
    )
    with pytest.raises(DeviceGone):
        session.run(60, is_masked=True, is_triggered=False)

    assert len(parse(out.getvalue().splitlines()).pieces) == 1


def test_ctrl_c_ends_a_recording_early(monkeypatch: pytest.MonkeyPatch) -> None:
    def ctrl_c(_: Scanner, stopping: Event) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Scanner, "serve", ctrl_c)
    assert recorded(Line([])).pieces == ()


@given(
    st.lists(
        st.builds(Piece, st.integers(0, 10**7), st.sampled_from(Way), st.binary(max_size=40)),
        max_size=8,
    )
)
def test_a_recording_is_read_as_it_was_written(pieces: list[Piece]) -> None:
    lines = [heading_line(HEADING), *map(piece_line, pieces)]
    assert parse(lines) == Recording(HEADING, tuple(pieces))


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["no JSON"],
        ["[]"],
        ["{}"],
        [heading_line(HEADING).replace("generic", 'x", "extra": "')],
        [heading_line(HEADING), "{}"],
        [heading_line(HEADING), '{"at_ms": 1}'],
        [heading_line(HEADING), '{"in": "00"}'],
        [heading_line(HEADING), '{"at_ms": 1, "in": "0"}'],
        [heading_line(HEADING), '{"at_ms": 1, "in": 0}'],
        [heading_line(HEADING), '{"at_ms": "soon", "in": "00"}'],
    ],
)
def test_what_is_no_recording_is_said_to_be_none(lines: list[str]) -> None:
    with pytest.raises(RecordingUnusable):
        parse(lines)


@pytest.mark.parametrize(
    ("device", "profile", "path", "family"),
    [
        ("auto", None, "/dev/ttyACM0", HONEYWELL),
        ("auto", "gm65", "/dev/ttyACM0", GM65),
        ("usb:0c2e", None, "/dev/ttyACM0", HONEYWELL),
        ("/dev/ttyS9", None, "/dev/ttyS9", GENERIC),
        ("/dev/ttyS9", "gm65", "/dev/ttyS9", GM65),
    ],
)
def test_the_scanner_that_was_meant(
    device: str, profile: str | None, path: str, family: object
) -> None:
    found = sought(device, profile, lambda: (XENON,))
    assert (found.port.path, found.profile) == (path, family)


@pytest.mark.parametrize("device", ["auto", "usb:1eab"])
def test_a_scanner_that_is_not_there(device: str) -> None:
    with pytest.raises(DeviceNotFound):
        sought(device, None, tuple)


@pytest.fixture
def run() -> Callable[..., Result]:
    return lambda *words: CliRunner().invoke(main, list(map(str, words)))


@pytest.fixture
def scanner(tmp_path: Path) -> Iterator[PtyScanner]:
    with PtyScanner(tmp_path / "scanner") as plugged_in:
        yield plugged_in


def test_a_session_over_a_real_port(
    run: Callable[..., Result], scanner: PtyScanner, tmp_path: Path
) -> None:
    def answer() -> None:
        # The set-up has come: the port is open, and what is sent now is not lost.
        assert scanner.received() == GM65.setup
        scanner.send(bytes.fromhex("02 00 00 01 00 33 31"))
        scanner.scan("8801062636471")

    phone = Thread(target=answer)
    phone.start()
    file = tmp_path / "session.jsonl"
    done = run("record", scanner.path, file, "--profile", "gm65", "--seconds", 3)
    phone.join()

    assert done.exit_code == 0, done.output
    assert "read: 13 characters" in done.output
    assert "880106" not in file.read_text()
    again = run("replay", file, "--json")
    assert json.loads(again.stdout) == {"reports": ["read: 13 characters"]}


def test_a_recording_that_is_there_is_not_replaced(
    run: Callable[..., Result], scanner: PtyScanner, tmp_path: Path
) -> None:
    file = tmp_path / "session.jsonl"
    file.write_text("a bug report")
    done = run("record", scanner.path, file)

    assert done.exit_code == 1
    assert "Name another file" in done.output
    assert file.read_text() == "a bug report"


def test_a_port_that_is_not_there_leaves_no_file(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    file = tmp_path / "session.jsonl"
    done = run("record", tmp_path / "none", file)

    assert (done.exit_code, file.exists()) == (1, False)
    assert "Plug it in" in done.output


@pytest.mark.parametrize(
    "text", ["nonsense", heading_line(Heading("a", "acme", 1, is_masked=True))]
)
def test_a_file_that_cannot_be_replayed(
    run: Callable[..., Result], tmp_path: Path, text: str
) -> None:
    file = tmp_path / "session.jsonl"
    assert run("replay", file).exit_code == 1
    file.write_text(text)
    assert run("replay", file).exit_code == 1
