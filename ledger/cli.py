"""ks-ledger: set up, serve and look after a ledger; errors become sentences and exit statuses."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click

from kscoin.errors import KSCoinError
from kscoin.keys import PublicKey
from kscoin.messages import Assurance
from kscoin.networks import NETWORKS
from ledger.book import FUND_ID
from ledger.errors import Refusal
from ledger.key_files import new_authorities, read_authorities, write_authorities
from ledger.server import serve as serve_ledger
from ledger.service import Ledger, set_up
from ledger.store.engine import open_store
from ledger.store.migrations import upgrade

DEFAULT_DIRECTORY: Final = Path("ledger-data")
DEFAULT_PORT: Final = 8_740
# Where the authorities' keys are encrypted, their secret comes from here and not from a file.
SECRET_VARIABLE: Final = "KS_LEDGER_SECRET"
URL_VARIABLE: Final = "KS_LEDGER_DATABASE"
FAILED: Final = 1

as_json = click.option("--json", "is_json", is_flag=True, help="Print one JSON object.")


class _Place:
    """Where a ledger lives: its directory, its database and the secret of its keys."""

    def __init__(self, directory: Path, url: str | None, secret: str | None) -> None:
        self.directory = directory
        self.secret = secret
        self.url = url or f"sqlite:///{directory / 'ledger.db'}"

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """Open the ledger for the length of a `with` block."""
        authorities = read_authorities(self.directory, self.secret)
        ledger = Ledger.open(open_store(self.url), authorities, now_s)
        try:
            yield ledger
        finally:
            ledger.close()


def now_s() -> int:
    """Return the seconds since 1970 by this machine's clock."""
    return int(time.time())


def main() -> None:
    """Run a command; an error of ours is one sentence on stderr and exit status 1."""
    try:
        commands(standalone_mode=True)
    except KSCoinError as exc:
        code = exc.reason if isinstance(exc, Refusal) else exc.code
        click.echo(f"ks-ledger: {exc} ({code})", err=True)
        raise SystemExit(FAILED) from exc


@click.group()
@click.option(
    "--data",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_DIRECTORY,
    show_default=True,
    help="The ledger's directory: keys, and the database if it is SQLite.",
)
@click.option("--database", "url", envvar=URL_VARIABLE, help="sqlite:///FILE or postgresql://…")
@click.option(
    "--secret", envvar=SECRET_VARIABLE, help=f"Opens the keys; better by {SECRET_VARIABLE}."
)
@click.pass_context
def commands(ctx: click.Context, directory: Path, url: str | None, secret: str | None) -> None:
    """Set up, serve and look after a KS-Coin ledger."""
    ctx.obj = _Place(directory, url, secret)


@commands.command()
@click.option("--network", required=True, type=click.Choice(NETWORKS))
@as_json
@click.pass_obj
def init(place: _Place, network: str, is_json: bool) -> None:
    """Make a ledger's keys and tables."""
    authorities, roots = new_authorities(network)
    place.directory.mkdir(parents=True, exist_ok=True)
    write_authorities(place.directory, authorities, roots, place.secret)
    store = open_store(place.url)
    set_up(store, authorities, roots, now_s)
    store.close()
    facts = {"network": network, "roots": [root.compressed.hex() for root in authorities.roots]}
    _say(facts, is_json, f"A ledger for {network} is ready. Move {place.directory}/roots offline.")


@commands.command()
@as_json
@click.pass_obj
def migrate(place: _Place, is_json: bool) -> None:
    """Bring an older database up to date; run it before the servers of a new version."""
    store = open_store(place.url)
    upgrade(store)
    store.close()
    _say({"is_current": True}, is_json, "The database is up to date.")


@commands.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=DEFAULT_PORT, show_default=True, help="0 takes a free one.")
@click.pass_obj
def serve(place: _Place, host: str, port: int) -> None:
    """Answer over HTTP until SIGTERM or SIGINT."""
    with place.ledger() as ledger:
        serve_ledger(ledger, host, port, _ready)


@commands.group()
def merchant() -> None:
    """Shops that take KS-Coin."""


@merchant.command("add")
@click.argument("name")
@as_json
@click.pass_obj
def merchant_add(place: _Place, name: str, is_json: bool) -> None:
    """Add a merchant."""
    with place.ledger() as ledger:
        added = ledger.add_merchant(name)
    facts = {"merchant_id": added.merchant_id.hex(), "name": added.name}
    _say(facts, is_json, f"{added.name}: {added.merchant_id.hex()}")


@merchant.command("list")
@as_json
@click.pass_obj
def merchant_list(place: _Place, is_json: bool) -> None:
    """List the merchants with what they have taken."""
    with place.ledger() as ledger:
        facts = [
            {
                "merchant_id": each.merchant_id.hex(),
                "name": each.name,
                "balance_won": ledger.balance_of(each.merchant_id),
            }
            for each in ledger.merchants()
        ]
    lines = [f"{each['merchant_id']}  {each['balance_won']:>14,}  {each['name']}" for each in facts]
    _say({"merchants": facts}, is_json, "\n".join(lines) or "No merchants yet.")


@commands.group()
def code() -> None:
    """One-time codes with which technicians enrol terminals."""


@code.command("new")
@click.argument("merchant_id", callback=lambda _c, _p, text: _octets(text))
@click.option("--limit-class", default=0, show_default=True)
@as_json
@click.pass_obj
def code_new(place: _Place, merchant_id: bytes, limit_class: int, is_json: bool) -> None:
    """Print a new code for a merchant; it is shown once."""
    roots = read_authorities(place.directory, place.secret).roots
    with place.ledger() as ledger:
        made = ledger.new_code(merchant_id, limit_class=limit_class)
    facts = {"code": made, "roots": [root.compressed.hex() for root in roots]}
    _say(facts, is_json, made)


@commands.group()
def terminal() -> None:
    """Enrolled terminals."""


@terminal.command("list")
@click.argument("merchant_id", callback=lambda _c, _p, text: _octets(text))
@as_json
@click.pass_obj
def terminal_list(place: _Place, merchant_id: bytes, is_json: bool) -> None:
    """List a merchant's terminals."""
    with place.ledger() as ledger:
        facts = [
            {
                "terminal_id": each.terminal_id.hex(),
                "hardware": each.hardware,
                "enrolled_at_s": each.enrolled_at_s,
                "revoked_at_s": each.revoked_at_s,
                "sequence": each.sequence,
            }
            for each in ledger.terminals_of(merchant_id)
        ]
    lines = [f"{each['terminal_id']}  {each['sequence']:>8}  {each['hardware']}" for each in facts]
    _say({"terminals": facts}, is_json, "\n".join(lines) or "No terminals yet.")


@terminal.command("revoke")
@click.argument("terminal_id", callback=lambda _c, _p, text: _octets(text))
@as_json
@click.pass_obj
def terminal_revoke(place: _Place, terminal_id: bytes, is_json: bool) -> None:
    """Stop a terminal from selling; what it has taken is still settled."""
    with place.ledger() as ledger:
        ledger.revoke_terminal(terminal_id)
    _say({"terminal_id": terminal_id.hex()}, is_json, f"{terminal_id.hex()} is revoked.")


@commands.group()
def account() -> None:
    """Holders' accounts: wallets, and what purses are loaded from."""


@account.command("open")
@click.option("--key", callback=lambda _c, _p, text: _key(text), help="33 bytes in hexadecimal.")
@as_json
@click.pass_obj
def account_open(place: _Place, key: PublicKey | None, is_json: bool) -> None:
    """Open an account; with a key it can pay online."""
    with place.ledger() as ledger:
        account_id = ledger.open_account(key).account_id.hex()
    _say({"account_id": account_id}, is_json, account_id)


@account.command("issue")
@click.argument("account_id", callback=lambda _c, _p, text: _octets(text))
@click.argument("amount_won", type=int)
@as_json
@click.pass_obj
def account_issue(place: _Place, account_id: bytes, amount_won: int, is_json: bool) -> None:
    """Issue won to an account against the reserve."""
    _issue(place, account_id, amount_won, is_json)


@commands.group()
def fund() -> None:
    """The guarantee fund, which pays honest terminals when a purse spent twice."""


@fund.command("issue")
@click.argument("amount_won", type=int)
@as_json
@click.pass_obj
def fund_issue(place: _Place, amount_won: int, is_json: bool) -> None:
    """Put won into the guarantee fund."""
    _issue(place, FUND_ID, amount_won, is_json)


@commands.group()
def purse() -> None:
    """Purses and their certificates."""


@purse.command("open")
@click.argument("holder_id", callback=lambda _c, _p, text: _octets(text))
@click.option("--key", required=True, callback=lambda _c, _p, text: _key(text))
@click.option(
    "--assurance",
    type=click.Choice([each.name.lower() for each in Assurance]),
    default=Assurance.CARD_SECURE_ELEMENT.name.lower(),
    show_default=True,
)
@as_json
@click.pass_obj
def purse_open(
    place: _Place, holder_id: bytes, key: PublicKey, assurance: str, is_json: bool
) -> None:
    """Open a purse for the key of a card or phone."""
    with place.ledger() as ledger:
        certificate = ledger.open_purse(holder_id, key, Assurance[assurance.upper()])
    _say_certificate(certificate.message.purse_id, certificate.data, is_json)


@purse.command("load")
@click.argument("purse_id", callback=lambda _c, _p, text: _octets(text))
@click.argument("amount_won", type=int)
@as_json
@click.pass_obj
def purse_load(place: _Place, purse_id: bytes, amount_won: int, is_json: bool) -> None:
    """Reserve won of the holder's for a purse and print its new certificate; 0 only renews it."""
    with place.ledger() as ledger:
        certificate = ledger.load_purse(purse_id, amount_won)
    _say_certificate(purse_id, certificate.data, is_json)


@purse.command("show")
@click.argument("purse_id", callback=lambda _c, _p, text: _octets(text))
@as_json
@click.pass_obj
def purse_show(place: _Place, purse_id: bytes, is_json: bool) -> None:
    """Show how a purse stands."""
    with place.ledger() as ledger:
        row, reserved = ledger.purse(purse_id), ledger.account(purse_id)
        double_spends = ledger.double_spends_of(purse_id)
    facts = {
        "purse_id": purse_id.hex(),
        "holder_id": row.holder_id.hex(),
        "credit_total_won": row.credit_total_won,
        "reserved_won": reserved.balance_won,
        "denied_at_s": row.denied_at_s,
        "double_spends": len(double_spends),
    }
    _say(facts, is_json, "\n".join(f"{name:<18}{value}" for name, value in facts.items()))


@commands.command()
@as_json
@click.pass_obj
def supply(place: _Place, is_json: bool) -> None:
    """Show the won issued and the won in the reserve."""
    with place.ledger() as ledger:
        found = ledger.supply()
    facts = {
        "issued_won": found.issued_won,
        "reserve_won": found.reserve_won,
        "difference_won": found.difference_won,
    }
    _say(facts, is_json, "\n".join(f"{name:<16}{won:>18,}" for name, won in facts.items()))


@commands.command()
@as_json
@click.pass_obj
def audit(place: _Place, is_json: bool) -> None:
    """Go through all of the books; exit status 1 if anything is wrong."""
    with place.ledger() as ledger:
        found = ledger.audit()
        waiting = len(ledger.quarantined())
    facts = {
        "is_clean": found.is_clean,
        "findings": list(found.findings),
        "transfers": found.transfers,
        "issued_won": found.supply.issued_won,
        "reserve_won": found.supply.reserve_won,
        "quarantined_batches": waiting,
    }
    text = "The books balance." if found.is_clean else "\n".join(found.findings)
    _say(facts, is_json, f"{text} {found.transfers:,} transfers, {waiting} batches in quarantine.")
    if not found.is_clean:
        raise SystemExit(FAILED)


def _issue(place: _Place, account_id: bytes, amount_won: int, is_json: bool) -> None:
    with place.ledger() as ledger:
        number = ledger.issue(account_id, amount_won)
    _say({"ledger_number": number}, is_json, f"{amount_won:,} won issued, number {number}.")


def _ready(address: str) -> None:
    click.echo(f"ks-ledger ready at {address}")


def _say(facts: dict[str, Any], is_json: bool, text: str) -> None:
    click.echo(json.dumps(facts, ensure_ascii=False) if is_json else text)


def _say_certificate(purse_id: bytes, certificate: bytes, is_json: bool) -> None:
    facts = {"purse_id": purse_id.hex(), "certificate": certificate.hex()}
    _say(facts, is_json, f"{purse_id.hex()}\n{certificate.hex()}")


def _octets(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as exc:
        raise click.BadParameter("hexadecimal is expected") from exc


def _key(text: str | None) -> PublicKey | None:
    return None if text is None else _decoded(text, PublicKey)


def _decoded(text: str, make: Callable[[bytes], PublicKey]) -> PublicKey:
    try:
        return make(_octets(text))
    except KSCoinError as exc:
        raise click.BadParameter(str(exc)) from exc
