"""Who is asked whether it is a scanner, how often, and who never is."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from drivers.errors import DeviceBusy, DeviceGone
from drivers.scanner.asking import Asker
from drivers.scanner.profiles import GENERIC, GM65, WAVESHARE, ZEBRA, ScannerProfile
from drivers.scanner.serial_port import PortInfo

CH340 = PortInfo("/dev/ttyUSB0", "USB Serial", 0x1A86, 0x7523)
OTHER_CH340 = PortInfo("/dev/ttyUSB1", "USB Serial", 0x1A86, 0x7523)
MODEM = PortInfo("/dev/ttyUSB2", "LTE modem", 0x12D1, 0x1506)
BOARD = PortInfo("/dev/ttyACM0", "Arduino Uno", 0x2341, 0x0043)
HEADER = PortInfo("/dev/ttyS0", "n/a")
SCANNER = PortInfo("/dev/ttyACM1", "Zebra", min(ZEBRA.usb_vendors), 0x1701)
# Zone bit 0x0000 as a module tells it (GM65 User Manual, chapter 8).
ANSWER = bytes.fromhex("020000 01 D6 33 31")


@dataclass
class Ports:
    """Ports that answer what they are told to, and note who was opened."""

    answers: dict[str, list[bytes]] = field(default_factory=dict)
    trouble: dict[str, Exception] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    def line(self, path: str, baud_rate: int) -> Line:
        return Line(path, self)


class Line:
    def __init__(self, name: str, ports: Ports) -> None:
        self.name = name
        self._ports = ports
        self._pieces = iter(ports.answers.get(name, []))

    def open(self) -> None:
        if error := self._ports.trouble.get(self.name):
            raise error
        self._ports.log.append(f"open {self.name}")

    def read(self, timeout_s: float) -> bytes:
        return next(self._pieces, b"")

    def write(self, data: bytes) -> None:
        self._ports.log.append(f"write {data.hex()}")

    def close(self) -> None:
        self._ports.log.append(f"close {self.name}")


ASKED = [f"open {CH340.path}", f"write {GM65.query.hex()}", f"close {CH340.path}"]


def found(ports: Ports, *listed: PortInfo, family: ScannerProfile = GM65) -> list[str]:
    return [each.port.path for each in Asker(family, ports.line).among(listed)]


@pytest.mark.parametrize(
    "pieces", [[ANSWER], [ANSWER[:3], ANSWER[3:]], [b"8801062636471\r", ANSWER]]
)
@pytest.mark.parametrize("family", [GM65, WAVESHARE])
def test_a_module_that_says_so_is_one(pieces: list[bytes], family: ScannerProfile) -> None:
    ports = Ports({CH340.path: pieces})
    assert found(ports, MODEM, CH340, family=family) == [CH340.path]
    assert ports.log == ASKED


@pytest.mark.parametrize("pieces", [[], [b"OK\r\n"], [b"x"] * 9])
def test_what_answers_otherwise_is_asked_once_and_left_alone(pieces: list[bytes]) -> None:
    ports = Ports({CH340.path: pieces})
    asker = Asker(GM65, ports.line)
    for _ in range(3):
        assert asker.among([CH340]) == ()
    assert ports.log == ASKED


def test_one_that_is_plugged_in_again_is_asked_again() -> None:
    ports = Ports({CH340.path: []})
    asker = Asker(GM65, ports.line)
    asker.among([CH340])
    asker.among([])
    ports.answers[CH340.path] = [ANSWER]
    assert [each.port for each in asker.among([CH340])] == [CH340]


@pytest.mark.parametrize("error", [DeviceBusy("p", "locked"), DeviceGone("p", "unplugged")])
def test_one_that_another_program_has_is_asked_when_it_is_free(error: Exception) -> None:
    ports = Ports({CH340.path: [ANSWER]}, {CH340.path: error})
    asker = Asker(GM65, ports.line)
    assert asker.among([CH340]) == ()
    ports.trouble.clear()
    assert [each.port for each in asker.among([CH340])] == [CH340]


def test_of_two_the_one_that_answers_is_taken() -> None:
    ports = Ports({CH340.path: [b"ready>"], OTHER_CH340.path: [ANSWER]})
    assert found(ports, CH340, OTHER_CH340) == [OTHER_CH340.path]


@pytest.mark.parametrize("stranger", [MODEM, BOARD, HEADER])
def test_a_modem_a_board_and_a_port_that_names_nobody_are_never_asked(stranger: PortInfo) -> None:
    ports = Ports({stranger.path: [ANSWER]})
    assert found(ports, stranger) == []
    assert ports.log == []


def test_nobody_is_asked_for_a_family_that_has_no_question() -> None:
    ports = Ports({CH340.path: [ANSWER]})
    assert found(ports, CH340, family=GENERIC) == []
    assert ports.log == []


def test_nobody_is_asked_where_a_scanner_says_who_it_is() -> None:
    ports = Ports({CH340.path: [ANSWER]})
    assert found(ports, CH340, SCANNER) == [SCANNER.path]
    assert ports.log == []
