"""The ledger's side of a demo or a rehearsal: shops, terminals, purses and wallets are made here.

Knows no till; what a terminal needs is written into its directory, as enrolment writes it.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from drivers.card.purse_card import PurseCard
from drivers.keystore.file_key import FileKey
from drivers.simulated.card_memory import CardMemory
from drivers.simulated.phone import DirectConnection
from drivers.simulated.purse_applet import PurseApplet
from kscoin.keys import PublicKey, SoftwareSigner
from kscoin.messages import Assurance, Purpose, PurseCertificate
from kscoin.signed import claim
from ledger.issuer import Authorities
from ledger.key_files import new_authorities, read_authorities, write_authorities
from ledger.service import Ledger, set_up
from ledger.store.engine import open_store
from offline_queue.durable_file import write_durably
from offline_queue.terminal import enrolment_request, open_enrolment, write_enrolment
from pos_app.demo.wallet import Wallet
from pos_app.settings import SETTINGS_FILE

NETWORK: Final = "seoul-demo"
KEY_FILE: Final = "terminal.key"
PASS_PHRASE_FILE: Final = "pass-phrase"
_NONCE_BYTES: Final = 16
_PASS_PHRASE_BYTES: Final = 20


def now_s() -> int:
    """Return the seconds since 1970 by this machine's clock."""
    # Not of the float: in the last tenth of a microsecond that is the next second already.
    return time.time_ns() // 1_000_000_000


@dataclass(frozen=True, slots=True)
class LedgerSide:
    """A ledger in a directory, and the authorities that sign for it."""

    ledger: Ledger
    authorities: Authorities
    clock: Callable[[], int]

    @classmethod
    def open(cls, directory: Path, clock: Callable[[], int] = now_s) -> Self:
        """Return the ledger in `directory`; a new one if there is none yet.

        `clock` returns seconds since 1970.
        """
        keys, database = directory / "keys", f"sqlite:///{directory / 'ledger.db'}"
        if not (keys / "network").exists():
            _make(directory, keys, database, clock)
        authorities = read_authorities(keys, secret=None)
        ledger = Ledger.open(open_store(database), authorities, clock)
        return cls(ledger, authorities, clock)

    def enrol_terminal(self, directory: Path, shop: str, hardware: str) -> bytes:
        """Make `directory` a terminal of a new merchant, whole or not at all; return its id."""
        draft = directory.with_name(f"{directory.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700, parents=True)
        merchant_id = self.ledger.merchants.add(shop).merchant_id
        key = _new_key(draft)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        code = self.ledger.merchants.new_code(merchant_id)
        request = enrolment_request(code, hardware, nonce, key, NETWORK)
        answer = self.ledger.terminals.enrol(request.data)
        root = self.authorities.roots[0]
        enrolment = open_enrolment(answer, key.public_key, root, NETWORK, self.clock())
        write_enrolment(draft, enrolment)
        draft.rename(directory)
        return merchant_id

    def new_purse(self, memory: CardMemory, load_won: int, assurance: Assurance) -> PurseApplet:
        """Return a purse with a key of its own, loaded with won that were issued for it."""
        key = SoftwareSigner.generate()
        holder_id = self.ledger.accounts.open().account_id
        purse_id = self.ledger.purses.open(holder_id, key.public_key, assurance).message.purse_id
        self.ledger.treasury.issue(holder_id, load_won)
        certificate = self.ledger.purses.load(purse_id, load_won)
        return PurseApplet.personalised(
            key, certificate.data, self._purse_authority, NETWORK, memory
        )

    def top_up(self, purse: PurseApplet, up_to_won: int) -> None:
        """Load a purse until the ledger has `up_to_won` in reserve for it."""
        image = purse.image
        assert image is not None, "a purse of ours is personalised"
        purse_id = claim(PurseCertificate, image.certificate).purse_id
        load_won = up_to_won - self.ledger.accounts.get(purse_id).balance_won
        if load_won > 0:
            self.ledger.treasury.issue(self.ledger.purses.get(purse_id).holder_id, load_won)
            card = PurseCard(DirectConnection(purse))
            card.select()
            card.load(self.ledger.purses.load(purse_id, load_won).data)

    def new_wallet(self, key: SoftwareSigner, balance_won: int) -> Wallet:
        """Return a wallet that pays online from an account of its own."""
        account_id = self.ledger.accounts.open(key.public_key).account_id
        self.ledger.treasury.issue(account_id, balance_won)
        return Wallet(account_id, key, NETWORK)

    @property
    def _purse_authority(self) -> PublicKey:
        return self.authorities.signers[Purpose.PURSE].public_key


def spendable_won(purse: PurseApplet) -> int:
    """Return what a purse can still pay."""
    image = purse.image
    assert image is not None, "a purse of ours is personalised"
    credit_won = claim(PurseCertificate, image.certificate).credit_total_won
    return credit_won - (image.last.spent_total_won if image.last else 0)


def write_settings(directory: Path, **settings: str | bool) -> None:
    """Write a demo terminal's settings; the keys are those of `pos_app.settings`."""
    given = {"key_file": KEY_FILE, "pass_phrase_file": PASS_PHRASE_FILE, "demo": True, **settings}
    lines = [f"{key} = {_toml(value)}\n" for key, value in given.items()]
    write_durably(directory / SETTINGS_FILE, "".join(lines).encode())


def _make(directory: Path, keys: Path, database: str, clock: Callable[[], int]) -> None:
    # The keys are written last: a first start that was cut off begins anew.
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    (directory / "ledger.db").unlink(missing_ok=True)
    authorities, roots = new_authorities(NETWORK)
    store = open_store(database)
    set_up(store, authorities, roots, clock)
    store.close()
    write_authorities(keys, authorities, roots, secret=None)


def _new_key(directory: Path) -> FileKey:
    pass_phrase = secrets.token_hex(_PASS_PHRASE_BYTES)
    write_durably(directory / PASS_PHRASE_FILE, pass_phrase.encode())
    return FileKey.create(directory / KEY_FILE, pass_phrase)


def _toml(value: str | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
