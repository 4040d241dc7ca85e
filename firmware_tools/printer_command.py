"""`ks-field printer`: one printer is asked how it is, and prints a test slip."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any, Final

import click

from drivers.printer.bitmap import png_of
from drivers.printer.opening import AUTO, SoughtPrinter, draw, sought_printer
from drivers.printer.profiles import PROFILES
from drivers.printer.slip import Paper
from firmware_tools.command_line import json_option
from firmware_tools.telling import Telling
from firmware_tools.trial_slip import trial_slip
from offline_queue.durable_file import write_durably

_WIDTHS: Final = [str(paper.value) for paper in Paper]


def _printer(_ctx: click.Context, _parameter: click.Parameter, typed: str) -> str:
    if sought_printer(typed) is None:
        raise click.BadParameter(
            'a printer is "auto", usb:VENDOR:PRODUCT, /dev/usb/lp0, /dev/ttyS0[@BAUD], '
            "tcp:HOST[:PORT] or file:/PATH"
        )
    return typed


@click.command("printer")
@click.argument("name", callback=_printer, default=AUTO)
@click.option("--paper", type=click.Choice(_WIDTHS), default=_WIDTHS[-1], show_default=True)
@click.option(
    "--family",
    type=click.Choice([AUTO, *(profile.name for profile in PROFILES)]),
    default=AUTO,
    help="How it speaks.  [default: as what it says of itself on USB]",
)
@click.option("--drawer", is_flag=True, help="Open the cash drawer, too.")
@click.option("--png", type=click.Path(path_type=Path, dir_okay=False), help="Keep the slip here.")
@click.option("--dry-run", is_flag=True, help="Ask the printer how it is, and print nothing.")
@json_option
def printer_command(
    name: str,
    paper: str,
    family: str,
    drawer: bool,
    png: Path | None,
    dry_run: bool,
    telling: Telling,
) -> None:
    """Ask the printer NAME how it is, and print a test slip; stop the till first.

    NAME is as `ks-field devices` names it, or "auto": the first one on USB.
    """
    printer = sought_printer(name, family)
    assert printer is not None, "click has looked at both"
    with closing(printer):
        printer.open()
        state = printer.look()
        called = str(printer.found)
        dots = printer.dots(Paper(int(paper)))
        slip = draw(trial_slip(called, printer.profile.name, dots), dots)
        if png is not None:
            write_durably(png, png_of(slip))
        facts: dict[str, Any] = {
            "printer": called,
            "family": printer.profile.name,
            "dots": dots,
            "can_say": state is not None,
            "is_paper_low": state is not None and state.is_paper_low,
        }
        if facts["is_paper_low"]:
            telling.say("Its roll is nearly at its end.")
        if dry_run:
            how = "It is well" if state else "It does not say how it is"
            telling.answer(facts | {"dry_run": True}, f"{how}; nothing was printed.")
            return
        if drawer:
            printer.kick_drawer()
        printer.print(slip, _never)
        telling.answer(*_printed(facts, printer))


def _printed(facts: dict[str, Any], printer: SoughtPrinter) -> tuple[dict[str, Any], str]:
    is_confirmed = printer.finish(_never)
    if is_confirmed:
        text = "It says that it has printed. Look at the slip: both ends of the ruler must show."
    else:
        text = "It was sent; this printer does not say whether it has printed. Look at the slip."
    return facts | {"is_confirmed": is_confirmed}, text


def _never() -> bool:
    # Ctrl-C ends a command.
    return False
