"""The bytes of yes, no and "again" for each family, as its maker's manual has them."""

from __future__ import annotations

import pytest

from drivers.card.signals import FAMILIES, Signal, commands_for


@pytest.mark.parametrize(
    ("reader", "signal", "commands"),
    [
        ("ACS ACR122U PICC Interface 00 00", Signal.YES, ["FF0040AC0401010101"]),
        ("ACS ACR122U 01 00", Signal.NO, ["FF00405C0405010101"]),
        ("ACS ACR122U 01 00", Signal.AGAIN, ["FF0040FC0401010201"]),
        ("ACS ACR1252 1S CL Reader 00 00", Signal.YES, ["E00000290102", "E0000028010A"]),
        ("ACS ACR1252 1S CL Reader 00 00", Signal.NO, ["E00000290101", "E00000280132"]),
        ("ACS ACR1281 1S Dual Reader 00 02", Signal.AGAIN, ["E00000280119"]),
        ("Identiv uTrust 3700 F 00 00", Signal.YES, []),
        ("", Signal.NO, []),
    ],
)
def test_the_bytes_of_a_signal(reader: str, signal: Signal, commands: list[str]) -> None:
    assert commands_for(reader, signal) == tuple(map(bytes.fromhex, commands))


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name_part)
def test_every_family_tells_all_three_apart(family: object) -> None:
    told = {commands_for(f"ACS {family.name_part} 00 00", each) for each in Signal}  # type: ignore[attr-defined]

    assert len(told) == len(Signal)
    assert () not in told
