"""`ks-pos demo`: the till with a ledger and a customer, on this display or on a virtual one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from pos_app.customer_display.look import NONE, WINDOW, is_place
from pos_app.demo.compose import compose_demo
from pos_app.demo.script import Script
from pos_app.demo.virtual_display import virtual_display
from pos_app.on_screen import Restarter, look_of, show_till, start_again
from pos_app.screens.palette import ThemeName
from pos_app.settings import load
from pos_app.till.words import Language

SCREENSHOTS: Final = Path("build/screens")


def default_data(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where a demo keeps its ledger and terminal (XDG base directories, state)."""
    state = environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "ks-pos" / "demo"


def has_display(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a window can be opened here."""
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def _place(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Return where the customer's display is to be, if that is said."""
    if value is not None and not is_place(value):
        raise click.BadParameter("none, window, or a place as 1280x720+800+0", context, option)
    return value


@click.command()
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Where it is kept.")
@click.option(
    "--language",
    type=click.Choice([each.value for each in Language]),
    default=Language.KOREAN.value,
    show_default=True,
)
@click.option(
    "--theme",
    type=click.Choice([each.value for each in ThemeName]),
    default=ThemeName.LIGHT.value,
    show_default=True,
)
@click.option(
    "--customer-display",
    callback=_place,
    help='A second window for the customer: "window", or its place as "1280x720+800+0".',
)
@click.option("--scripted", is_flag=True, help="A scripted customer on a virtual display.")
@click.option(
    "--screens",
    type=click.Path(path_type=Path, file_okay=False),
    default=SCREENSHOTS,
    show_default=True,
    help="Where a scripted demo leaves its screenshots.",
)
def demo(
    data: Path | None,
    language: str,
    theme: str,
    customer_display: str | None,
    scripted: bool,
    screens: Path,
) -> None:
    """Open the till with a ledger of its own and a simulated customer beside it."""
    place = data or default_data()
    settings = {"language": language, "theme": theme}
    if scripted or not has_display():
        # Nobody listens, and there is room for both windows.
        alone = {"customer_display": customer_display or WINDOW, "sound": "off"}
        _play(place, settings | alone, screens)
    else:
        _open(place, settings | {"customer_display": customer_display or NONE})


def _open(data: Path, settings: Mapping[str, str]) -> None:
    restarter = Restarter()
    running = compose_demo(data, restarter.ask, settings)
    look = look_of(load(data / "terminal"))
    click.echo(f"What is printed comes out as pictures in {running.slips.directory}/")
    show_till(running, running.terminal.runtime, look, restarter, running.customer)
    if restarter.is_wanted:
        start_again()


def _play(data: Path, settings: Mapping[str, str], screens: Path) -> None:
    click.echo(f"No display: the same till on a virtual one, pictures in {screens}/")
    with virtual_display():
        restarter = Restarter()
        running = compose_demo(data, restarter.ask, settings)
        look = look_of(load(data / "terminal"))
        script = Script(running, screens, click.echo)
        show_till(
            running, running.terminal.runtime, look, restarter, running.customer, script.start
        )
    script.finish()
