"""What a machine is called fits the message and reads well in a list."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from firmware_tools.machine import hardware

MACHINE = platform.machine()


def test_a_raspberry_pi_is_called_what_its_device_tree_says(tmp_path: Path) -> None:
    model = tmp_path / "proc/device-tree/model"
    model.parent.mkdir(parents=True)
    model.write_bytes(b"Raspberry Pi 5 Model B Rev 1.0\x00")

    assert (
        hardware("Counter 2", tmp_path) == f"Counter 2, Raspberry Pi 5 Model B Rev 1.0, {MACHINE}"
    )


def test_a_pc_is_called_what_its_firmware_says(tmp_path: Path) -> None:
    product = tmp_path / "sys/class/dmi/id/product_name"
    product.parent.mkdir(parents=True)
    product.write_text("OptiPlex 3000\n")

    assert hardware("", tmp_path) == f"OptiPlex 3000, {MACHINE}"


def test_a_machine_that_says_nothing(tmp_path: Path) -> None:
    assert hardware("", tmp_path) == MACHINE


@pytest.mark.parametrize("name", ["가" * 100, "a\nb\x00c" * 50])
def test_no_name_is_too_long_or_unprintable_for_the_request(name: str, tmp_path: Path) -> None:
    called = hardware(name, tmp_path)

    assert len(called.encode()) <= 128
    assert called.isprintable()
