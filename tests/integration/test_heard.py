"""What a whole till lets be heard, and that at that moment the payment is on the disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from drivers.simulated.phone import SimulatedPhone
from drivers.sound.tones import NO, YES, sounded
from drivers.sound.wav import Samples
from kscoin.messages import Assurance
from offline_queue.audit import verify_journal
from pos_app.settings import JOURNAL_FILE
from pos_app.till.views import PayView, ResultView
from tests.integration.shop import Node, Shop, open_shop, running_node
from tests.integration.till import WAIT_S
from tests.stacks.waiting import wait_until

AMOUNT_WON: Final = 8_700
# A player that keeps what it is given, and the journal as it is on the disk just then.
PLAYER: Final = """#!/bin/sh
n=$(ls "$HEARD" | grep -c wav$)
mkdir "$HEARD/$n" && cp "$JOURNAL"* "$HEARD/$n/"
cat >"$HEARD/part" && mv "$HEARD/part" "$HEARD/$n.wav"
"""
# A voice that keeps what it is to say.
VOICE: Final = """#!/bin/sh
cat >>"$HEARD/said" && echo >>"$HEARD/said"
cat "$SPOKEN"
"""


class Ears:
    """What was heard, in order."""

    def __init__(self, place: Path) -> None:
        self.place = place

    @property
    def tones(self) -> list[bytes]:
        return [path.read_bytes() for path in sorted(self.place.glob("*.wav"))]

    @property
    def said(self) -> list[str]:
        said = self.place / "said"
        return said.read_text().splitlines() if said.exists() else []

    def until(self, count: int) -> None:
        wait_until(lambda: len(self.tones) >= count, WAIT_S, f"{count} sounds are heard")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_node(tmp_path_factory.mktemp("ledger")) as node:
        yield node


@pytest.fixture
def shop(node: Node, tmp_path: Path) -> Iterator[Shop]:
    with open_shop(node, tmp_path) as shop:
        shop.line.cut()
        yield shop


@pytest.fixture
def ears(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ears:
    """Somebody who hears a till whose player and voice are the two programs above."""
    programs, heard = tmp_path / "programs", tmp_path / "heard"
    for place in (programs, heard):
        place.mkdir()
    for name, text in (("aplay", PLAYER), ("espeak-ng", VOICE)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    spoken = tmp_path / "spoken.wav"
    spoken.write_bytes(sounded(NO).to_wav())
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HEARD", str(heard))
    monkeypatch.setenv("SPOKEN", str(spoken))
    monkeypatch.setenv("JOURNAL", str(shop.directory / JOURNAL_FILE))
    return Ears(heard)


def tone(samples: Samples) -> bytes:
    return samples.at_volume(100).to_wav()


def test_yes_is_heard_when_the_payment_is_on_the_disk(shop: Shop, ears: Ears) -> None:
    purse = shop.node.card(Assurance.PHONE_SECURE_ELEMENT)
    with shop.running_till() as till:
        code = SimulatedPhone(purse).pay(till.offer(AMOUNT_WON))
        assert ears.tones == []
        shop.scanner.scan(code)
        till.wait_for(ResultView)
        ears.until(1)
    assert ears.tones == [tone(sounded(YES))]
    on_disk = verify_journal(ears.place / "0" / JOURNAL_FILE, shop.terminal_id)
    assert on_disk.payments_won == AMOUNT_WON


def test_a_code_that_is_none_of_ours_is_heard_as_no(shop: Shop, ears: Ears) -> None:
    with shop.running_till() as till:
        till.offer(AMOUNT_WON)
        shop.scanner.scan("https://example.org/pay")
        till.wait_for(PayView, lambda view: view.notice is not None)
        ears.until(1)
    assert ears.tones == [tone(sounded(NO))]


def test_the_sum_and_the_result_are_said_and_nothing_else(shop: Shop, ears: Ears) -> None:
    shop.set_up(voice="on", language="en")
    purse = shop.node.card(Assurance.PHONE_SECURE_ELEMENT)
    with shop.running_till() as till:
        code = SimulatedPhone(purse).pay(till.offer(AMOUNT_WON))
        ears.until(1)
        shop.scanner.scan(code)
        till.wait_for(ResultView)
        ears.until(3)
    words = "eight thousand seven hundred won"
    assert ears.said == [f"{words} to pay, please.", f"{words} paid. Thank you."]
    assert ears.tones[1] == tone(sounded(YES))


def test_a_till_that_is_to_be_silent_is(shop: Shop, ears: Ears) -> None:
    shop.set_up(sound="off")
    purse = shop.node.card(Assurance.PHONE_SECURE_ELEMENT)
    with shop.running_till() as till:
        shop.scanner.scan(SimulatedPhone(purse).pay(till.offer(AMOUNT_WON)))
        till.wait_for(ResultView)
    assert not list(ears.place.iterdir())
