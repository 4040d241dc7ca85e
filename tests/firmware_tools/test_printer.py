"""`ks-field printer`: what a technician reads for each state, and what comes out of the printer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from drivers.printer.opening import draw
from drivers.printer.slip import Paper
from drivers.simulated.printed_paper import PrintedPaper
from drivers.simulated.socket_printer import SocketPrinter
from firmware_tools import cli
from firmware_tools.trial_slip import ruler, trial_slip
from tests.drivers.printer.reading import codes_in, image_of
from tests.drivers.printer.shop import ANSWER, HASTY_S, PATIENT_S

FAILED = 1
WRONG_USAGE = 2


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy is not taken for a printer that says nothing."""
    monkeypatch.setattr(ANSWER, PATIENT_S)


@pytest.fixture
def printer() -> Iterator[SocketPrinter]:
    with SocketPrinter() as printer:
        yield printer


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, ["printer", *arguments])


def test_a_test_slip_is_printed_and_kept(printer: SocketPrinter, tmp_path: Path) -> None:
    kept = tmp_path / "slip.png"
    done = run(printer.name, "--png", str(kept), "--drawer")

    (slip,) = printer.change(lambda paper: list(paper.slips))
    assert (done.exit_code, "says that it has printed" in done.stdout) == (0, True)
    assert Image.open(kept).convert("L").tobytes() == image_of(slip).tobytes()
    assert slip == draw(trial_slip(printer.name, "generic", 576), 576)
    assert len(codes_in(slip)) == 1
    assert printer.change(lambda paper: paper.drawer_openings) == 1


def test_a_test_slip_on_narrow_paper_for_a_script(printer: SocketPrinter) -> None:
    printer.change(lambda paper: setattr(paper, "dots", 384))
    told = json.loads(run(printer.name, "--paper", "58", "--json").stdout)

    (slip,) = printer.change(lambda paper: list(paper.slips))
    assert slip.width == 384
    assert told == {
        "printer": printer.name,
        "family": "generic",
        "dots": 384,
        "can_say": True,
        "is_paper_low": False,
        "is_confirmed": True,
    }


def test_a_dry_run_prints_nothing(printer: SocketPrinter) -> None:
    printer.change(lambda paper: setattr(paper, "is_paper_low", True))
    done = run(printer.name, "--dry-run", "--drawer")

    assert done.exit_code == 0
    assert "nearly at its end" in done.stdout
    assert "nothing was printed" in done.stdout
    assert printer.change(lambda paper: (paper.slips, paper.uncut.rows)) == ([], b"")
    assert printer.change(lambda paper: paper.drawer_openings) == 0


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ("is_out_of_paper", "new roll"),
        ("is_cover_open", "Close the cover"),
        ("is_offline", "Switch it on"),
        ("is_cutter_stuck", "free the knife"),
    ],
)
def test_each_trouble_in_words(printer: SocketPrinter, trouble: str, words: str) -> None:
    printer.change(lambda paper: setattr(paper, trouble, True))
    done = run(printer.name)

    assert done.exit_code == FAILED
    assert words in done.stderr
    assert printer.change(lambda paper: paper.slips) == []


def test_a_printer_that_does_not_say_how_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ANSWER, HASTY_S)
    with SocketPrinter(PrintedPaper(answers_questions=False)) as printer:
        done = run(printer.name)

    assert done.exit_code == 0
    assert "does not say whether it has printed" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [("laser",), ("tcp:",), ("auto", "--family", "laser"), ("auto", "--paper", "76")],
)
def test_a_command_that_makes_no_sense(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == WRONG_USAGE


@pytest.mark.parametrize("dots", [360, 384, 512, 576])
def test_a_ruler_is_as_wide_as_the_paper_with_a_stroke_each_millimetre(dots: int) -> None:
    image = image_of(ruler(dots))
    top = [x for x in range(dots) if image.getpixel((x, 0)) == 0]
    bottom = [x for x in range(dots) if image.getpixel((x, image.height - 1)) == 0]

    assert top == [*range(0, dots, 8), dots - 1]
    assert bottom == [*range(0, dots, 80), dots - 1]


@pytest.mark.parametrize("paper", Paper)
def test_the_code_of_a_test_slip_is_as_large_as_a_receipts(paper: Paper) -> None:
    (code,) = codes_in(draw(trial_slip("printer", "generic", paper.dots), paper.dots))

    assert len(code) == 700
