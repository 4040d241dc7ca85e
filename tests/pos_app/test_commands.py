"""ks-pos from the command line: what it says, what it exits with, what a drill prints."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pos_app.__main__ import commands
from pos_app.demo.command import default_data, has_display
from pos_app.on_screen import Restarter, look_of
from pos_app.screens.palette import ThemeName
from pos_app.settings import Settings, SettingsInvalid

# What the issue names; a drill may print more.
DRILL_KEYS = {
    "payments_offered",
    "approved_offline",
    "won_approved",
    "settled",
    "won_settled",
    "guaranteed",
    "refused",
    "lost",
    "duplicated",
    "torn",
    "double_spends_proven",
    "journal_verified",
    "books_balance",
}


def ks_pos(*arguments: str) -> Result:
    return CliRunner().invoke(commands, arguments)


def test_help_names_every_command_and_imports_none() -> None:
    code = (
        "import sys; from pos_app.__main__ import commands\n"
        "try: commands(['--help'])\n"
        "finally: print(sorted(set(sys.modules) & {'ledger', 'pos_app.demo.command'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for name in ("run", "audit", "demo", "rehearse"):
        assert f"  {name} " in done.stdout
    assert done.stdout.endswith("[]\n")


@pytest.mark.parametrize("arguments", [(), ("run",)])
def test_without_a_name_a_terminal_is_run(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = ks_pos(*arguments, "--terminal", str(tmp_path / "nowhere"))
    assert isinstance(done.exception, SettingsInvalid)


def test_an_error_of_ours_is_one_sentence_and_exit_status_1(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pos_app", "--terminal", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == (
        f"ks-pos: {tmp_path}/settings.toml is missing: is {tmp_path} a terminal?"
        " (settings_invalid)\n"
    )


@pytest.mark.parametrize(
    "arguments", [("sell",), ("run", "--fast"), ("rehearse", "--payments", "0")]
)
def test_what_makes_no_sense_is_exit_status_2(arguments: tuple[str, ...]) -> None:
    assert ks_pos(*arguments).exit_code == 2


def test_a_drill_prints_its_figures_and_loses_nothing() -> None:
    done = ks_pos("rehearse", "--payments", "13", "--seed", "4", "--json")
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout)
    assert figures.keys() >= DRILL_KEYS
    assert (figures["lost"], figures["duplicated"]) == (0, 0)
    assert (figures["journal_verified"], figures["books_balance"]) == (True, True)
    outcomes = figures["approved_offline"] + figures["refused"] + figures["torn"]
    assert outcomes == figures["payments_offered"] == 13
    assert figures["settled"] + figures["guaranteed"] == figures["approved_offline"]
    assert (figures["torn"], figures["returned"], figures["tills_killed"]) == (2, 2, 2)
    assert figures["double_spends_proven"] == 1


def test_a_drill_tells_its_story() -> None:
    done = ks_pos("rehearse", "--payments", "2")
    assert done.exit_code == 0, done.output
    assert "the till is killed when the payment is stored" in done.stdout
    assert "Nothing was lost, nothing was taken twice." in done.stdout


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, False),
        ({"DISPLAY": ""}, False),
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True),
    ],
)
def test_where_there_is_a_display(environment: dict[str, str], expected: bool) -> None:
    assert has_display(environment) is expected


def test_a_demo_is_kept_where_state_is_kept() -> None:
    assert default_data({"XDG_STATE_HOME": "/state"}) == Path("/state/ks-pos/demo")
    assert default_data({}) == Path.home() / ".local/state/ks-pos/demo"


class Window:
    """A window that remembers whether it was closed."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("is_open_first", [True, False])
def test_a_restart_closes_the_window_whichever_comes_first(is_open_first: bool) -> None:
    restarter, window = Restarter(), Window()
    steps = [lambda: restarter.opened(window), restarter.ask]  # type: ignore[arg-type]
    for step in steps if is_open_first else reversed(steps):
        assert window.closed == 0
        step()
    assert restarter.is_wanted
    assert window.closed == 1


def test_a_theme_is_one_of_ours() -> None:
    settings = Settings(Path(), "", Path(), Path(), theme="dark", is_fullscreen=True)
    look = look_of(settings)
    assert (look.theme, look.is_fullscreen) == (ThemeName.DARK, True)
    with pytest.raises(SettingsInvalid):
        look_of(Settings(Path(), "", Path(), Path(), theme="neon"))
