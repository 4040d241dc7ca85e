"""`ks-field doctor` and `ks-field plug-test`: how a terminal is, and whether its disk lies."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from firmware_tools.command_line import FAILED, json_option, terminal_option
from firmware_tools.doctor import Diagnosis, Doctor, Health, Instruments
from firmware_tools.telling import Telling
from firmware_tools.terminal import EnrolledTerminal
from offline_queue.disk_test import PLUG_FILE, after_cut, write_until_cut

_SIGNS: Final = {
    Health.WELL: ("ok", "green"),
    Health.SOON: ("soon", "yellow"),
    Health.NOT_SEEN: ("-", "blue"),
    Health.TROUBLE: ("!!", "red"),
}
_DIRECTORY: Final = click.Path(path_type=Path, exists=True, file_okay=False)
# How often the last number is shown: as often as an eye can follow.
_SHOWN_EVERY_S: Final = 0.1


@click.command("doctor")
@terminal_option
@json_option
@click.pass_context
def doctor_command(ctx: click.Context, directory: Path, telling: Telling) -> None:
    """Look the terminal over: each part is well, or there is one thing to do.

    The till may be running: what it holds is then left out, and said to be. Exit status 1 if
    anything is in trouble.
    """
    terminal = EnrolledTerminal.at(directory)
    instruments = Instruments(lambda: int(time.time()))
    found: list[Diagnosis] = []
    for each in Doctor(terminal, instruments).examine():
        found.append(each)
        telling.say(_line(each))
    is_well = all(each.health is not Health.TROUBLE for each in found)
    facts = {"is_well": is_well, "parts": [asdict(each) for each in found]}
    telling.answer(facts, "It can sell." if is_well else "Do what is said above, then look again.")
    if not is_well:
        ctx.exit(FAILED)


def _line(found: Diagnosis) -> str:
    sign, colour = _SIGNS[found.health]
    shown = f"{click.style(f'{sign:<5}', fg=colour)}{found.part.value:<13}{found.says}"
    return f"{shown}\n{'':18}{found.next_step}" if found.next_step else shown


@click.group("plug-test")
def plug_test() -> None:
    """Prove whether a disk keeps what it says it has kept, by pulling its plug.

    \b
    1. ks-field plug-test write DISK --witness STICK
       (without a stick: from another machine, over ssh, and note the last number)
    2. Pull the plug after a minute. Not the button: the plug.
    3. Plug in, start, and: ks-field plug-test check DISK --witness STICK
       (without a stick: --seen NUMBER)

    A disk that fails once must not hold a journal. One that passes ten times is probably honest.
    """  # noqa: D301 - the escape keeps click from folding the steps into one line


@plug_test.command("write")
@click.argument("disk", type=_DIRECTORY)
@click.option("--witness", type=_DIRECTORY, help="A directory on another medium, that is honest.")
@click.option("--numbers", type=click.IntRange(min=1), help="End after so many, without a cut.")
@json_option
def write_command(disk: Path, witness: Path | None, numbers: int | None, telling: Telling) -> None:
    """Write numbers into the directory DISK, each synced before the next, until the plug is pulled.

    The number on the screen is on the disk, if the disk is honest.
    """
    telling.say("Pull the plug when you like. The last number that is on the disk:")
    last, shown_s = 0, -_SHOWN_EVERY_S
    for last in write_until_cut(disk, witness):
        # Without a witness the reader is one, and must see every number.
        if witness is None or time.monotonic() - shown_s >= _SHOWN_EVERY_S:
            _show(last)
            shown_s = time.monotonic()
        if last == numbers:
            break
    telling.answer({"written": last}, f"{last:,} numbers were written; nothing was cut.")


def _show(number: int) -> None:
    """Show a number on stderr: in its place on a screen, else in a line of its own."""
    if sys.stderr.isatty():
        click.echo(f"\r{number}", err=True, nl=False)
    else:
        click.echo(str(number), err=True)


@plug_test.command("check")
@click.argument("disk", type=_DIRECTORY)
@click.option("--witness", type=_DIRECTORY, help="The directory that was given to `write`.")
@click.option("--seen", type=click.IntRange(min=1), help="Or the last number that was shown.")
@json_option
@click.pass_context
def check_command(
    ctx: click.Context, disk: Path, witness: Path | None, seen: int | None, telling: Telling
) -> None:
    """After the cut: say whether the directory DISK kept all that its witness saw."""
    if (witness is None) == (seen is None):
        raise click.UsageError("give --witness or --seen: one of the two")
    if not (disk / PLUG_FILE).exists():
        raise click.UsageError(
            f"{disk} holds no plug test: was `write` run there? If it was, the disk has lost it."
        )
    finding = after_cut(disk, seen if seen is not None else witness or disk)
    facts = {
        "kept": finding.kept,
        "witnessed": finding.witnessed,
        "is_proven_liar": finding.is_proven_liar,
    }
    if finding.is_proven_liar:
        lost = finding.witnessed - finding.kept
        telling.answer(
            facts, f"This disk lies: {lost:,} numbers that it had kept are gone. Replace it."
        )
        ctx.exit(FAILED)
    telling.answer(facts, f"All {finding.witnessed:,} numbers are there. Pull the plug again.")
