"""The customer's display beside a whole till: in its own process, on a real screen, paid from."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from PIL import Image

from drivers.simulated.phone import SimulatedPhone
from kscoin.messages import Assurance
from pos_app.customer_display.frames import Frame, drawn_line
from pos_app.customer_display.look import command
from pos_app.screens.palette import LIGHT, Colour
from pos_app.till.status import DeviceKind
from pos_app.till.views import ResultView, SellView
from pos_app.till.words import Language
from tests.integration.screen import read_off
from tests.integration.shop import Node, Shop, open_shop, running_node
from tests.integration.till import WAIT_S, Till
from tests.stacks.display import VirtualDisplay, virtual_display
from tests.stacks.waiting import wait_until
from tests.ui.display_examples import display as example

AMOUNT_WON: Final = 8_700
# Beside where the till's own window would be, on a desktop of two monitors.
PLACE: Final = "800x480+820+20"
LEFT, TOP, WIDE, HIGH = 820, 20, 800, 480


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running_node(tmp_path_factory.mktemp("ledger")) as node:
        yield node


@pytest.fixture(scope="module")
def display(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualDisplay]:
    with virtual_display(tmp_path_factory.mktemp("display"), 1640, 520) as display:
        yield display


@pytest.fixture
def shop(
    node: Node, display: VirtualDisplay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    """A terminal with a scanner and a customer's display whose ledger cannot be reached."""
    for name, value in display.environment.items():
        monkeypatch.setenv(name, value)
    with open_shop(node, tmp_path) as shop:
        shop.set_up(simulated_reader="", card_reader="none", demo=False, customer_display=PLACE)
        shop.line.cut()
        yield shop


def is_unwell(till: Till, is_it: bool) -> None:
    """Return when the status bar has the display's mark, or has it no more."""

    def has_mark(view: SellView) -> bool:
        return DeviceKind.CUSTOMER_DISPLAY in {mark.kind for mark in view.status.devices}

    till.wait_for(SellView, lambda view: has_mark(view) == is_it)


def ground_of(display: VirtualDisplay) -> tuple[int, ...]:
    """The colour in the top left corner of the customer's display."""
    pixel = display.screenshot().getpixel((LEFT + 2, TOP + 2))
    assert isinstance(pixel, tuple)
    return pixel


def until_ground(display: VirtualDisplay, colour: Colour) -> None:
    """Return when the customer's display stands on this colour."""
    wanted = tuple(round(255 * part) for part in colour[:3])
    wait_until(lambda: ground_of(display) == wanted, WAIT_S, f"the display is {wanted}")


def pid_of(till: Till) -> int:
    """The process that draws, as soon as there is one."""
    found: list[int] = []

    def is_there() -> bool:
        assert till.terminal.customer_display is not None
        pid = till.terminal.customer_display.pid
        found[:] = [] if pid is None else [pid]
        return bool(found)

    wait_until(is_there, WAIT_S, "the display has a process")
    return found[0]


def test_a_phone_pays_from_the_customers_display_and_it_turns_green(
    shop: Shop, display: VirtualDisplay
) -> None:
    purse = shop.node.card(Assurance.PHONE_SECURE_ELEMENT)
    with shop.running_till() as till:
        offer = till.offer(AMOUNT_WON)
        read = read_off(display)
        assert read == offer
        shop.scanner.scan(SimulatedPhone(purse).pay(read))
        till.wait_for(ResultView)
        until_ground(display, LIGHT.good)
        till.press("new_sale")
        until_ground(display, LIGHT.ground)
    assert shop.journal().payments_won == AMOUNT_WON


def test_it_is_where_it_was_put_and_nowhere_else(shop: Shop, display: VirtualDisplay) -> None:
    with shop.running_till() as till:
        till.wait_for(SellView)
        until_ground(display, LIGHT.ground)
        frame = display.screenshot()
    edges = [(LEFT - 1, TOP), (LEFT, TOP - 1), (LEFT + WIDE, TOP), (LEFT, TOP + HIGH)]
    assert {frame.getpixel(each) for each in edges} == {(0, 0, 0)}
    inside = (LEFT + WIDE - 1, TOP + HIGH - 1)
    assert frame.getpixel(inside) == frame.getpixel((LEFT, TOP))


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hung"])
def test_a_till_whose_display_is_killed_or_hangs_sells_on_and_it_comes_back(
    shop: Shop, display: VirtualDisplay, end: signal.Signals
) -> None:
    purse = shop.node.card(Assurance.PHONE_SECURE_ELEMENT)
    with shop.running_till() as till:
        till.wait_for(SellView)
        until_ground(display, LIGHT.ground)
        first = pid_of(till)
        os.kill(first, end)
        shop.scanner.scan(SimulatedPhone(purse).pay(till.offer(AMOUNT_WON)))
        till.wait_for(ResultView)
        till.press("new_sale")
        wait_until(lambda: pid_of(till) != first, WAIT_S, "another process draws")
        is_unwell(till, False)
        until_ground(display, LIGHT.ground)


def test_a_till_without_any_screen_for_it_marks_it_and_sells(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":65000")
    with shop.running_till() as till:
        is_unwell(till, True)
        till.offer(AMOUNT_WON)


Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def start(display: VirtualDisplay) -> Iterator[Start]:
    """Start the display's program by hand."""
    started: list[subprocess.Popen[bytes]] = []

    def begin() -> subprocess.Popen[bytes]:
        started.append(
            subprocess.Popen(
                command("light", PLACE),
                env=dict(display.environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        )
        return started[-1]

    yield begin
    for program in started:
        program.kill()
        program.communicate()


def say(program: subprocess.Popen[bytes], line: bytes) -> None:
    assert program.stdin is not None
    program.stdin.write(line)
    program.stdin.flush()


def test_it_ends_with_its_till(start: Start) -> None:
    program = start()
    say(program, Frame(1, example("display-idle", Language.KOREAN)).to_line())
    assert program.stdout is not None
    assert program.stdout.readline() == drawn_line(1)
    program.communicate(timeout=WAIT_S)
    assert program.returncode == 0


CUT_OFF: Final = Frame(1, example("display-pay", Language.KOREAN)).to_line()[:90] + b"\n"


@pytest.mark.parametrize("line", [b"what?\n", b"x" * 40_000, CUT_OFF])
def test_it_ends_at_what_is_no_frame(start: Start, line: bytes) -> None:
    program = start()
    say(program, line)
    _, said = program.communicate(timeout=WAIT_S)
    assert program.returncode == 2
    assert b"customer display: " in said


def test_every_frame_is_answered_when_it_is_on_the_screen(
    start: Start, display: VirtualDisplay, tmp_path: Path
) -> None:
    program = start()
    assert program.stdout is not None
    for number, name in enumerate(("display-pay", "display-kept", "display-kept", "display-idle")):
        picture = tmp_path / f"{number}.png"
        say(program, Frame(number, example(name, Language.ENGLISH), picture).to_line())
        assert program.stdout.readline() == drawn_line(number)
        with Image.open(picture) as drawn:
            assert drawn.size == (WIDE, HIGH)
            shown = display.screenshot().crop((LEFT, TOP, LEFT + WIDE, TOP + HIGH))
            assert drawn.convert("RGB").getpixel((2, 2)) == shown.getpixel((2, 2))


def test_it_asks_for_nothing_that_a_till_has() -> None:
    # A process that has no journal, no card service and no network loaded can hold none of them up.
    code = "import sys, pos_app.customer_display.__main__; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"kivy", "offline_queue", "ledger", "smartcard", "httpx", "sqlite3"}
