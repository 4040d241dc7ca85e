"""`ks-field rescue`: what a damaged journal and its second copy hold, and what becomes of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import click

from firmware_tools.command_line import json_option, terminal_option
from firmware_tools.errors import NotATerminal
from firmware_tools.place import JOURNAL_FILE, alone_with
from firmware_tools.rescue import (
    Sealing,
    put_in_place,
    sources_of,
    terminal_id_of,
    write_files,
    write_unsigned,
)
from firmware_tools.telling import Telling
from firmware_tools.terminal import EnrolledTerminal
from kscoin.entries import EntryKind
from offline_queue.rescue import Loss, Rescued, rebuild, rescue
from offline_queue.values import Shipment

_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)
_NEW_FILE: Final = click.Path(path_type=Path, dir_okay=False)
# More are in `--json`.
_LOSSES_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class _Done:
    """What came of a rescue, beyond what was found."""

    rebuilt: Path | None = None
    kept: Path | None = None
    written: dict[Path, Shipment] | None = None
    unsigned: tuple[Path, ...] | None = None


@click.command("rescue")
@click.argument("sources", nargs=-1, type=_FILE)
@terminal_option
@click.option(
    "--rebuild",
    "rebuilt",
    type=_NEW_FILE,
    help="Put a journal of all up to the first loss there; a damaged one is kept beside.",
)
@click.option(
    "--courier",
    type=_NEW_FILE,
    help="Seal all that the ledger has not answered into this file, for a courier.",
)
@click.option(
    "--unsigned",
    type=_NEW_FILE,
    help="The terminal's key is gone: write it into this file, for the ledger's operator.",
)
@click.option("--dry-run", is_flag=True, help="Only say what was found and what would be done.")
@json_option
def rescue_command(
    sources: tuple[Path, ...],
    directory: Path,
    rebuilt: Path | None,
    courier: Path | None,
    unsigned: Path | None,
    dry_run: bool,
    telling: Telling,
) -> None:
    """Read what damaged journals and second copies still hold, all SOURCES taken together.

    By default the terminal's own journal and its second copy. Nothing that is read is changed;
    without --rebuild, --courier and --unsigned nothing is written either.
    """
    if courier is not None and unsigned is not None:
        raise click.UsageError("--courier takes the key, --unsigned is for when it is gone")
    sources = sources or sources_of(directory)
    if not sources:
        raise NotATerminal(f"{directory} has neither a journal nor a second copy")
    telling.say(f"Reading {', '.join(map(str, sources))} …")
    rescued = rescue(sources, terminal_id_of(directory, sources))
    telling.say(_found(rescued))
    done = _Done() if dry_run else _carried_out(rescued, directory, rebuilt, courier)
    if unsigned is not None and not dry_run:
        done = replace(done, unsigned=tuple(write_unsigned(rescued, unsigned)))
    facts = {"dry_run": dry_run, "sources": list(map(str, sources))}
    would = _would(rescued, rebuilt, courier or unsigned)
    text = "\n".join(would) if dry_run else _next(rescued, done)
    telling.answer(facts | _facts(rescued, done), text)


def _carried_out(
    rescued: Rescued, directory: Path, rebuilt: Path | None, courier: Path | None
) -> _Done:
    # The key first: without it nothing is sealed, and it is better known before than after.
    seal = None if courier is None else _sealing(EnrolledTerminal.at(directory))
    kept = None if rebuilt is None else put_in_place(rescued, rebuilt)
    if seal is None or courier is None:
        return _Done(rebuilt, kept)
    if rebuilt is not None and not rescued.losses:
        return _Done(rebuilt, kept, write_files(seal.shipments(rescued, rebuilt), courier))
    # After a loss the journal in place is not opened any more: what is sealed has no need of it.
    with TemporaryDirectory() as scratch:
        passing = Path(scratch) / JOURNAL_FILE
        rebuild(rescued, passing)
        return _Done(rebuilt, kept, write_files(seal.shipments(rescued, passing), courier))


def _sealing(terminal: EnrolledTerminal) -> Sealing:
    """Return what seals for a terminal whose till is stopped: two would number their batches."""
    with alone_with(terminal.journal):
        return Sealing.of(terminal)


def _found(rescued: Rescued) -> str:
    """Return what was found and what is lost, in sentences."""
    lines = [
        f"{len(rescued.entries):,} entries of terminal {rescued.terminal_id.hex()} are whole; "
        f"the ledger has answered those up to {rescued.acknowledged_sequence:,}."
    ]
    if rescued.mended:
        lines.append(f"One bit was put right in entry {', '.join(map(str, rescued.mended))}.")
    lines += [_lost(each) for each in rescued.losses[:_LOSSES_SHOWN]]
    if (more := len(rescued.losses) - _LOSSES_SHOWN) > 0:
        lines.append(f"And {more:,} more entries are lost: see --json.")
    return "\n".join(lines)


def _lost(loss: Loss) -> str:
    parts = [f"Lost: entry {loss.sequence:,}"]
    if loss.kind is not None:
        parts.append(_kind(loss.kind))
    if loss.amount_won is not None:
        parts.append(f"₩{loss.amount_won:,}")
    if loss.short_code:
        parts.append(f"code {loss.short_code}")
    if loss.wall_s is not None:
        parts.append(time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(loss.wall_s)))
    where = "the ledger has it" if loss.is_acknowledged else "the ledger may not have it"
    return f"{', '.join(parts)}; {where}."


def _kind(kind: int) -> str:
    return EntryKind(kind).name.lower() if kind in {*EntryKind} else f"kind {kind}"


def _facts(rescued: Rescued, done: _Done) -> dict[str, Any]:
    return {
        "terminal_id": rescued.terminal_id.hex(),
        "entries": len(rescued.entries),
        "last_whole": rescued.last_whole,
        "acknowledged": rescued.acknowledged_sequence,
        "mended": list(rescued.mended),
        "losses": [_loss_facts(each) for each in rescued.losses],
        "rebuilt": str(done.rebuilt) if done.rebuilt else None,
        "kept": str(done.kept) if done.kept else None,
        "courier": [
            {"file": str(path), "batches": each.batches, "entries": each.entries}
            for path, each in (done.written or {}).items()
        ],
        "unsigned": list(map(str, done.unsigned or ())),
    }


def _loss_facts(loss: Loss) -> dict[str, Any]:
    return {
        "sequence": loss.sequence,
        "is_acknowledged": loss.is_acknowledged,
        "kind": None if loss.kind is None else _kind(loss.kind),
        "amount_won": loss.amount_won,
        "code": loss.short_code or None,
        "wall_s": loss.wall_s,
    }


def _would(rescued: Rescued, rebuilt: Path | None, carried: Path | None) -> Iterator[str]:
    """Yield what would be written without a dry run."""
    if rebuilt is not None:
        yield f"{rebuilt} would hold entries 1 to {rescued.last_whole:,}."
    if carried is not None:
        waiting = sum(sequence > rescued.acknowledged_sequence for sequence in rescued.entries)
        yield f"{waiting:,} entries would go into {carried}."
    yield "Nothing was written."


def _next(rescued: Rescued, done: _Done) -> str:
    """Return what was done, and what is to be done next."""
    lines = [*_put(rescued, done), *_to_carry(rescued, done)]
    return "\n".join(lines) or "Nothing was written."


def _put(rescued: Rescued, done: _Done) -> Iterator[str]:
    if done.rebuilt is None:
        return
    yield f"{done.rebuilt} holds entries 1 to {rescued.last_whole:,} and verifies."
    if done.kept is not None:
        yield f"The damaged journal is kept in {done.kept}."
    if rescued.losses:
        yield "This terminal sells no more: enrol it anew with --replace."
        if done.written is None and done.unsigned is None:
            source = done.kept / done.rebuilt.name if done.kept else "the same files"
            yield f"First carry what it holds: ks-field rescue {source} --courier FILE"


def _to_carry(rescued: Rescued, done: _Done) -> Iterator[str]:
    for path, shipment in (done.written or {}).items():
        accept = f"ks-ledger courier accept {path} --answer {path}.answer"
        yield f"{shipment.entries:,} entries are in {path}: {accept}"
    for path in done.unsigned or ():
        yield f"For the ledger's operator: ks-ledger quarantine admit {path}"
    if not done.written and not done.unsigned:
        if done.written is not None or done.unsigned is not None:
            yield "The ledger has answered everything: there is nothing to carry."
    elif rescued.losses or done.unsigned:
        released = f"ks-ledger quarantine release {rescued.terminal_id.hex()}"
        yield f"What no chain proves waits there for the operator: {released}"
