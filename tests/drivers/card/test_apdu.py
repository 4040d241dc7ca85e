"""The bytes of KSP/1 section 7, written out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from drivers.card.apdu import MAX_DATA_BYTES, PURSE_AID, Answer, Command, Instruction, Status

PAGE = (Path(__file__).parents[3] / "docs" / "protocol.md").read_text(encoding="utf-8")

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


def test_the_page_has_every_command_and_every_status_word() -> None:
    section = PAGE.partition("## 7. The card")[2].partition("\n## ")[0]
    commands = re.findall(r"^\| ([A-Z ]+) \| ([0-9A-F]{2}) \|", section, re.MULTILINE)
    words = re.findall(r"^\| ([0-9A-F, ]{4,}) \|", section, re.MULTILINE)

    drawn = {name.replace(" ", "_"): int(code, 16) for name, code in commands}
    assert drawn == {each.name: each.value for each in Instruction}
    assert {int(word, 16) for row in words for word in row.split(",")} == set(Status)
