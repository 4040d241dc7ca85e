"""What couriers bring from terminals without a line, and what they take back."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from kscoin import frames
from ledger.commands.place import Place
from ledger.commands.telling import as_json, say
from ledger.courier import Accepted

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def courier() -> None:
    """What terminals without a line send and get in files, or in codes on a screen."""


@courier.command("accept")
@click.argument("file", type=_FILE)
@click.option(
    "--answer",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Where the reply goes that the courier takes back.",
)
@click.option("--codes", is_flag=True, help="Write the reply as the texts of QR codes, one a line.")
@as_json
@click.pass_obj
def accept(place: Place, file: Path, answer: Path, codes: bool, is_json: bool) -> None:
    """Settle what a courier brought in FILE, as bytes or as the texts of codes, one a line.

    Doing it again settles nothing twice and gives the same answers.
    """
    data = frames.carried(file.read_bytes())
    with place.ledger() as ledger:
        accepted = ledger.courier.accept(data)
    texts = frames.to_frames(accepted.reply) if codes else ()
    answer.write_bytes("\n".join(texts).encode() if codes else accepted.reply)
    facts = _facts(accepted, answer)
    say(facts, is_json, _in_words(facts))


def _facts(accepted: Accepted, answer: Path) -> dict[str, object]:
    judged = Counter(
        each.verdict.name.lower() for told in accepted.acknowledgements for each in told.verdicts
    )
    return {
        "terminal_id": accepted.terminal_id.hex(),
        "batches": [each.batch_number for each in accepted.acknowledgements],
        "verdicts": dict(sorted(judged.items())),
        "answer": str(answer),
    }


def _in_words(facts: dict[str, object]) -> str:
    verdicts = facts["verdicts"]
    assert isinstance(verdicts, dict), "verdicts are counted by name"
    told = ", ".join(f"{count:,} {name}" for name, count in verdicts.items())
    return f"Terminal {facts['terminal_id']}: {told}. Its answer is in {facts['answer']}."
