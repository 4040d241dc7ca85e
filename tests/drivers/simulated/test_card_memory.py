"""What a card remembers: whole or not at all, and longer than the process that plays it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.simulated.card_memory import FileMemory, PurseImage, VolatileMemory
from drivers.simulated.purse_applet import PurseApplet
from kscoin.errors import EncodingError
from tests.drivers.purses import purse, request_hash, selected

ROOT: Final = Path(__file__).parents[3]

PAYING_CARD: Final = """
import sys
from pathlib import Path
from drivers.simulated.card_memory import FileMemory
from drivers.simulated.purse_applet import PurseApplet
from tests.drivers.purses import selected

card = selected(PurseApplet(FileMemory(Path(sys.argv[1]))))
for number in range(1_000_000):
    request = number.to_bytes(32, "big")
    debit = card.debit(1, request)
    print(debit.debit.hex(), flush=True)
"""
"""A card in a process of its own, which pays a won a time until it is killed."""


def image() -> PurseImage:
    first = purse().image
    assert first is not None
    return first


@given(st.one_of(st.none(), st.just(bytes(73))), st.booleans())
def test_an_image_comes_back_as_it_was(last_debit: bytes | None, is_ratified: bool) -> None:
    fresh = image()
    whole = PurseImage(
        fresh.scalar, fresh.network, fresh.authority, fresh.certificate, last_debit, is_ratified
    )
    assert PurseImage.decode(whole.encode()) == whole


@given(st.binary(max_size=64))
def test_other_bytes_are_no_image(data: bytes) -> None:
    with pytest.raises(EncodingError):
        PurseImage.decode(data)


def test_an_image_does_not_show_its_key() -> None:
    assert str(image().scalar) not in repr(image())


def test_a_new_card_has_no_image(tmp_path: Path) -> None:
    assert FileMemory(tmp_path / "card").read() is None
    assert VolatileMemory().read() is None


def test_a_card_in_a_file_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "card"
    debit = selected(purse(FileMemory(path))).debit(700, request_hash(1))

    assert path.stat().st_mode & 0o777 == 0o600
    assert selected(PurseApplet(FileMemory(path))).get_last() == debit


def test_a_card_whose_process_is_killed_has_every_debit_that_it_gave_out(tmp_path: Path) -> None:
    path = tmp_path / "card"
    purse(FileMemory(path))
    command = [sys.executable, "-c", PAYING_CARD, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        given_out = [process.stdout.readline() for _ in range(20)]
        process.send_signal(signal.SIGKILL)
        given_out += process.stdout.read().splitlines(keepends=True)
    whole = [bytes.fromhex(line.decode()) for line in given_out if line.endswith(b"\n")]

    after = FileMemory(path).read()
    assert after is not None
    assert after.last is not None
    # The last one may have been written and not given out: that is what GET LAST is for.
    assert after.last.sequence - len(whole) in (0, 1)
    assert len(whole) >= 20
