"""Proofs that a purse cheated: taken out of the ledger, and verified by anyone."""

from __future__ import annotations

import json
from pathlib import Path

import click

from kscoin.codes import short_code
from kscoin.errors import KSCoinError
from kscoin.keys import PublicKey
from kscoin.messages import Debit
from kscoin.networks import NETWORKS
from kscoin.proof import Exhibit
from ledger.commands.place import Place
from ledger.commands.telling import FAILED, ID, KEY, as_json, say, table
from ledger.exhibits import Proven, sentence_on, verify_file

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def proof() -> None:
    """Proofs that a purse spent twice, or more than was reserved for it."""


@proof.command("export")
@click.argument("purse_id", type=ID)
@click.option(
    "--to",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Where the files go; the working directory if it is not given.",
)
@as_json
@click.pass_obj
def export(place: Place, purse_id: bytes, directory: Path, is_json: bool) -> None:
    """Write each proof against a purse into a file that anyone can verify."""
    with place.ledger() as ledger:
        # Of a purse that is not ours nothing is proven either, but that is no answer.
        ledger.purses.get(purse_id)
        found = ledger.purses.double_spends_of(purse_id)
        trust = ledger.published.trust()
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for row in found:
        path = directory / f"{purse_id.hex()}-{row.debit_hash.hex()[:8]}.proof"
        path.write_bytes(Exhibit(trust, row.proof).encode())
        paths.append(str(path))
    text = "\n".join(paths) or f"Nothing is proven of purse {purse_id.hex()}."
    say({"files": paths}, is_json, text)


@proof.command("verify")
@click.argument("file", type=_FILE)
@click.option(
    "--root", "roots", type=KEY, multiple=True, required=True, help="A root that you trust."
)
@click.option("--trust", "trust", type=_FILE, help="A trust list of your own, not the file's.")
@click.option("--network", type=click.Choice(NETWORKS), help="The only network that counts.")
@as_json
def verify(
    file: Path, roots: tuple[PublicKey, ...], trust: Path | None, network: str | None, is_json: bool
) -> None:
    """Verify a proof with nothing but the file and a root; exit 0 if it holds, 1 if not."""
    listed = None if trust is None else trust.read_bytes()
    try:
        found = verify_file(file.read_bytes(), roots, network, listed)
    except KSCoinError as exc:
        facts = {"is_proven": False, "code": exc.code, "sentence": sentence_on(exc)}
        say(facts, is_json, f"{facts['sentence']} ({exc.code})")
        raise SystemExit(FAILED) from exc
    _say_proven(found, is_json)


def _say_proven(found: Proven, is_json: bool) -> None:
    debits = [_debit(each) for each in found.debits]
    if is_json:
        facts = {
            "is_proven": True,
            "kind": found.kind,
            "network": found.network,
            "purse_id": found.purse_id.hex(),
            "won": found.won,
            "credit_total_won": found.credit_total_won,
            "debits": debits,
            "sentence": found.sentence,
        }
        click.echo(json.dumps(facts, ensure_ascii=False))
    else:
        click.echo(found.sentence)
        click.echo(table(debits), nl=False)


def _debit(debit: Debit) -> dict[str, object]:
    return {
        "sequence": debit.sequence,
        "amount_won": debit.amount_won,
        "from_won": debit.interval.start_won,
        "to_won": debit.interval.end_won,
        "payment": short_code(debit.request_hash),
    }
