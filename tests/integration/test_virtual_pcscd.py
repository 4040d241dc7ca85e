"""The PC/SC stack under test is real: bytes go through pyscard, pcscd and vpcd to a card and back.

The card here only answers its APDU reversed; the purse card has an adapter of its own.
"""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

import pytest
from smartcard.Exceptions import NoCardException
from smartcard.pcsc.PCSCCardConnection import PCSCCardConnection
from smartcard.pcsc.PCSCExceptions import EstablishContextException
from smartcard.System import readers

from tests.stacks.pcsc import VPCD_SLOTS, PcscDaemon
from tests.stacks.ports import LOOPBACK
from tests.stacks.waiting import wait_until

# One process has the card daemon: where it cannot have a /run of its own there is only one.
pytestmark = pytest.mark.xdist_group("pcscd")

ATR: Final = bytes.fromhex("3B 80 80 01 01")
"""The answer to reset of a contactless card without historical bytes: PC/SC part 3, 3.1.3.2.3."""

CONTROL_ATR: Final = b"\x04"
"""vpcd asks for the answer to reset; 0, 1 and 2 (power off, on, reset) want no answer."""

STATUS_OK: Final = b"\x90\x00"
SELECT: Final = bytes.fromhex("00 A4 04 00 00")
CARD_SEEN_TIMEOUT_S: Final = 20.0
"""pcscd looks for a card in vpcd every 0.4 s."""


def test_an_apdu_travels_through_the_real_stack_and_back(virtual_pcscd: PcscDaemon) -> None:
    assert answer_in_slot(virtual_pcscd, 0) == SELECT[::-1] + STATUS_OK


def test_the_second_slot_takes_a_card_too(virtual_pcscd: PcscDaemon) -> None:
    assert answer_in_slot(virtual_pcscd, 1) == SELECT[::-1] + STATUS_OK


@pytest.mark.parametrize("end", [PcscDaemon.kill, PcscDaemon.stop], ids=["killed", "stopped"])
def test_a_daemon_that_ended_is_gone_and_starts_again(
    virtual_pcscd: PcscDaemon, end: Callable[[PcscDaemon], None]
) -> None:
    end(virtual_pcscd)
    with pytest.raises(EstablishContextException):
        readers()

    virtual_pcscd.start()

    assert len(readers()) == VPCD_SLOTS
    assert answer_in_slot(virtual_pcscd, 0) == SELECT[::-1] + STATUS_OK


def answer_in_slot(daemon: PcscDaemon, slot: int) -> bytes:
    """What a reversing card in this reader answers to SELECT."""
    with reversing_card(daemon.port + slot):
        connection = connected(slot)
        try:
            answer, sw1, sw2 = connection.transmit(list(SELECT))
        finally:
            connection.disconnect()
    return bytes([*answer, sw1, sw2])


def connected(slot: int) -> PCSCCardConnection:
    """A connection to the card in this reader, as soon as pcscd has seen the card."""
    connection = readers()[slot].createConnection()

    def has_card() -> bool:
        try:
            connection.connect()
        except NoCardException:
            return False
        return True

    wait_until(has_card, CARD_SEEN_TIMEOUT_S, "pcscd sees the card")
    return connection


@contextmanager
def reversing_card(port: int) -> Iterator[None]:
    """A card in the vpcd reader at this port, for as long as the block lasts."""
    with socket.create_connection((LOOPBACK, port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        card = threading.Thread(target=serve, args=(line,), name="reversing card")
        card.start()
        try:
            yield
        finally:
            line.shutdown(socket.SHUT_RDWR)
            card.join()


def serve(line: socket.socket) -> None:
    """Answer vpcd until the line closes: length-prefixed messages, controls of one byte.

    A card that is taken away in the middle of an exchange sees its line reset: that is its end too.
    """
    with suppress(ConnectionError), line.makefile("rb") as incoming:
        while len(prefix := incoming.read(2)) == 2:
            # The kernel forgets this after a while; without it an APDU waits 40 ms for its ACK.
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            message = incoming.read(*struct.unpack(">H", prefix))
            if message == CONTROL_ATR:
                send(line, ATR)
            elif len(message) > 1:
                send(line, message[::-1] + STATUS_OK)


def send(line: socket.socket, message: bytes) -> None:
    line.sendall(struct.pack(">H", len(message)) + message)
