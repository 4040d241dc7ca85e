"""The bench's own arithmetic and report; the figures themselves are taken by `make bench`."""

import itertools
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.bench import __main__ as bench
from tests.bench.beside import ledger_parts
from tests.bench.figures import (
    RUNS_MIN,
    AtLeast,
    AtMost,
    Figure,
    Measured,
    count,
    figure,
    ratio,
    seconds_of,
    side_by_side,
)


@figure(unit="times", aim=AtMost(2))
def over_nothing() -> Measured:
    """A figure as a group defines it."""
    return ratio([2, 4, 3, 4, 9], [2, 2, 2, 2, 2], beside="nothing much")


def test_a_figure_is_named_by_its_group_and_its_function() -> None:
    assert over_nothing.name == "test_bench.over_nothing"
    assert over_nothing.measure() == Measured(2.0, (1.0, 4.5), "nothing much")


def test_a_figure_may_have_a_name_that_a_function_cannot_bear() -> None:
    named = figure(unit="bytes", aim=AtMost(1), name="bytes")(over_nothing.measure)

    assert named.name == "test_bench.bytes"


def test_the_sides_take_turns_and_the_first_turn_is_not_kept() -> None:
    turn = itertools.count()

    ours, bare = side_by_side(lambda: next(turn), lambda: next(turn))

    assert ours == [2, 4, 6, 8, 10]
    assert bare == [3, 5, 7, 9, 11]


def test_a_median_needs_enough_runs() -> None:
    with pytest.raises(AssertionError, match="a median of 4 runs"):
        count([1] * (RUNS_MIN - 1), beside="none")


def test_a_count_is_the_median_between_its_extremes() -> None:
    assert count([7, 1, 3, 2, 9], beside="a count") == Measured(3, (1, 9), "a count")


def test_seconds_are_those_that_the_thing_took() -> None:
    seen: list[str] = []

    assert seconds_of(lambda: seen.append("done"))() >= 0
    assert seen == ["done"]


@pytest.mark.parametrize(
    ("aim", "text", "met", "missed"),
    [(AtMost(1.5), "<= 1.5", 1.5, 1.6), (AtLeast(3), ">= 3", 3, 2)],
)
def test_an_aim_is_met_or_missed(
    aim: AtMost | AtLeast, text: str, met: float, missed: float
) -> None:
    assert str(aim) == text
    assert aim.is_met_by(met)
    assert not aim.is_met_by(missed)


def test_the_report_is_a_table_and_a_json_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "figures_by_group", lambda: {"test_bench": [over_nothing]})
    file = tmp_path / "new" / "figures.json"

    done = CliRunner().invoke(bench.main, ["--json", str(file)])

    assert done.exit_code == 0, done.output
    assert "test_bench.over_nothing" in done.output
    assert json.loads(file.read_text()) == {
        "figures": {
            "test_bench.over_nothing": {
                "value": 2.0,
                "unit": "times",
                "beside": "nothing much",
                "aim": "<= 2",
                "spread": [1.0, 4.5],
            }
        }
    }


def test_a_group_that_is_not_there_is_named() -> None:
    done = CliRunner().invoke(bench.main, ["nonsense"])

    assert done.exit_code == 2
    assert "no group nonsense; there are" in done.output


def test_the_groups_are_the_modules_that_have_figures() -> None:
    groups = bench.figures_by_group()

    assert {figure.name for figure in groups["app"]} == {
        "app.start_over_empty",
        "app.memory_over_empty",
    }
    assert all(isinstance(figure, Figure) for figures in groups.values() for figure in figures)


def test_a_payment_is_taken_apart(capsys: pytest.CaptureFixture[str]) -> None:
    ledger_parts.main(size=5, count=2)
    told = capsys.readouterr().out
    assert {"all of it", *ledger_parts.PART_NAMES} <= {
        line.split("│")[1].strip() for line in told.splitlines() if "│" in line
    }
