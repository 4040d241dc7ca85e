"""Cards in another process than the reader: mute ones, left-over sockets, one card at a time."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from drivers.card.apdu import Instruction
from drivers.card.purse_card import PurseCard
from drivers.errors import CardMute, CardRemoved, DeviceNotFound, DeviceUnavailable
from drivers.simulated import socket_reader
from drivers.simulated.faults import Tear, TearableCard, Way
from drivers.simulated.socket_reader import SocketReader
from drivers.simulated.vpcd import ATR, HeldCard, connected, receive, send
from tests.drivers.counter import Counter, Known
from tests.drivers.purses import AMOUNT_WON, purse, spent_won

ROOT: Final = Path(__file__).parents[3]
SEEN_TIMEOUT_S: Final = 20.0
SELECT: Final = bytes.fromhex("00A4040008F04B53434F494E0100")

TILL: Final = """
import os, sys
from pathlib import Path
from drivers.card.apdu import Instruction
from drivers.card.purse_card import PurseCard
from drivers.simulated.socket_reader import SocketReader

reader = SocketReader(Path(sys.argv[1]))
reader.open()
print("listening", flush=True)
card = PurseCard(reader.wait_for_card(10))
card.select()
card.debit(700, bytes(32))
os.kill(os.getpid(), 9)
"""
"""A till that is killed right after its card has paid."""


@pytest.fixture(name="reader")
def open_reader(tmp_path: Path) -> Iterator[SocketReader]:
    reader = SocketReader(tmp_path / "reader")
    reader.open()
    yield reader
    reader.close()


@pytest.fixture(name="path")
def reader_path(tmp_path: Path) -> Path:
    return tmp_path / "reader"


def test_a_card_outlives_the_till_that_it_paid(path: Path) -> None:
    card = purse()
    command = [sys.executable, "-c", TILL, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as till:
        assert till.stdout is not None
        assert till.stdout.readline() == b"listening\n"
        held = HeldCard(card, path)
        assert held.wait_until_gone(SEEN_TIMEOUT_S)
    assert till.returncode == -9
    assert spent_won(card) == 700

    # The next till listens at the socket that the killed one has left behind.
    again = SocketReader(path)
    again.open()
    with HeldCard(card, path):
        connection = again.wait_for_card(SEEN_TIMEOUT_S)
        assert connection is not None
        commands = PurseCard(connection)
        commands.select()
        assert commands.get_state().last_request_hash == bytes(32)
    again.close()


def test_no_reader_there(tmp_path: Path) -> None:
    with pytest.raises(DeviceNotFound):
        HeldCard(purse(), tmp_path / "nobody")


def test_a_reader_that_cannot_listen(tmp_path: Path) -> None:
    with pytest.raises(DeviceUnavailable):
        SocketReader(tmp_path / "no" / "directory").open()


def test_a_card_that_does_not_answer_is_mute(
    reader: SocketReader, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_reader, "_ANSWER_TIMEOUT_S", 0.01)
    with connected(path):
        connection = reader.wait_for_card(SEEN_TIMEOUT_S)
        assert connection is not None
        with pytest.raises(CardMute):
            connection.transmit(SELECT)
        # Whatever it says later is no answer to the next command.
        with pytest.raises(CardRemoved):
            connection.transmit(SELECT)


def test_a_card_that_hung_up_before_it_was_met(reader: SocketReader, path: Path) -> None:
    connected(path).close()
    connection = reader.wait_for_card(SEEN_TIMEOUT_S)
    if connection is not None:
        with pytest.raises(CardRemoved):
            connection.transmit(SELECT)
    assert reader.wait_for_removal(SEEN_TIMEOUT_S)


@pytest.mark.parametrize("way", list(Way))
def test_a_card_torn_at_every_byte_of_its_debit(reader: SocketReader, path: Path, way: Way) -> None:
    for after_bytes in range(42 if way is Way.COMMAND else 139):
        card = purse()
        torn = TearableCard(card, Tear(Instruction.DEBIT, way, after_bytes))
        counter = Counter(reader, poll_s=SEEN_TIMEOUT_S)
        counter.worker.listen()
        with HeldCard(torn, path):
            assert counter.tap() is Known.UNSURE
        assert spent_won(card) == (AMOUNT_WON if way is Way.ANSWER else 0)
        with HeldCard(torn, path):
            assert counter.tap() is Known.PAID
        assert reader.wait_for_removal(SEEN_TIMEOUT_S)
        assert spent_won(card) == AMOUNT_WON


def test_a_second_card_waits_until_the_first_has_left(reader: SocketReader, path: Path) -> None:
    first, second = purse(), purse(purse_id=b"purse--2")
    with HeldCard(first, path) as held:
        connection = reader.wait_for_card(SEEN_TIMEOUT_S)
        assert connection is not None
        with HeldCard(second, path):
            assert state_of(connection) == b"purse--1"
            held.take_away()
            assert reader.wait_for_removal(SEEN_TIMEOUT_S)
            after = reader.wait_for_card(SEEN_TIMEOUT_S)
            assert after is not None
            assert state_of(after) == b"purse--2"


def state_of(connection: socket_reader.SocketConnection) -> bytes:
    card = PurseCard(connection)
    card.select()
    return card.get_state().purse_id


def test_a_card_answers_for_its_atr(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as vpcd:
        vpcd.bind(str(path))
        vpcd.listen()
        with HeldCard(purse(), path):
            line = vpcd.accept()[0]
            send(line, b"\x04")
            assert receive(line) == ATR
            line.close()


def test_the_port_of_a_reader_on_any_port() -> None:
    reader = SocketReader(("127.0.0.1", 0))
    reader.open()
    with HeldCard(purse(), ("127.0.0.1", reader.port)) as held:
        assert reader.wait_for_card(SEEN_TIMEOUT_S) is not None
        assert held.is_in_field
    reader.close()
