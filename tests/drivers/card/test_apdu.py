"""The bytes of KSP/1 section 7, written out."""

from __future__ import annotations

import pytest

from drivers.card.apdu import MAX_DATA_BYTES, PURSE_AID, Answer, Command, Instruction

HASH = bytes(range(32))


@pytest.mark.parametrize(
    ("command", "on_the_air"),
    [
        (Command(Instruction.SELECT, PURSE_AID), "00A40400 08 F04B53434F494E01 00"),
        (Command(Instruction.GET_STATE), "80100000 00"),
        (
            Command(Instruction.DEBIT, b"\0\0\x30\x0c" + HASH),
            f"80200000 24 0000300C{HASH.hex()} 00",
        ),
        (Command(Instruction.GET_LAST), "80220000 00"),
        (Command(Instruction.CONFIRM, HASH, has_answer=False), f"80240000 20 {HASH.hex()}"),
        (Command(Instruction.LOAD, b"\xd2\x84", has_answer=False), "80300000 02 D284"),
    ],
)
def test_command_on_the_air(command: Command, on_the_air: str) -> None:
    assert command.encode() == bytes.fromhex(on_the_air)


def test_data_that_a_short_apdu_can_count() -> None:
    command = Command(Instruction.LOAD, bytes(MAX_DATA_BYTES), has_answer=False)

    assert len(command.encode()) == 5 + MAX_DATA_BYTES


def test_only_9000_is_success() -> None:
    assert Answer(b"", 0x9000).is_ok
    assert not Answer(b"", 0x9001).is_ok
