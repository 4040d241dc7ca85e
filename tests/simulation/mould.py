"""What every world starts from, made once a process: a ledger's image, terminals, purses.

Keys come from names and ids from a fixed seed, so that a seed of a world means the same everywhere.
"""

from __future__ import annotations

import random
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from unittest.mock import patch

from sqlalchemy import Connection

from drivers.simulated.card_memory import PurseImage
from kscoin.keys import SoftwareSigner
from kscoin.messages import Assurance, Purpose
from ledger.book import FUND_ID
from ledger.embedded import IN_MEMORY
from ledger.issuer import Authorities
from ledger.service import Ledger, set_up
from ledger.store.engine import open_store
from offline_queue.terminal import enrolment_request, open_enrolment, write_enrolment
from tests.kscoin.parties import NETWORK, NOW_S, key, octets
from tests.offline_queue.shop import MEMORY

TERMINALS: Final = 4
PURSES: Final = 8
# The fund pays for every clone of a world; a world has a few, and each takes little.
_FUND_WON: Final = 50_000_000
_WALLET_WON: Final = 50_000_000
HOLDER_WON: Final = 10_000_000
START_S: Final = NOW_S


@dataclass(frozen=True, slots=True)
class TerminalMould:
    """An enrolled terminal: its key, and the files of its directory."""

    terminal_id: bytes
    signer: SoftwareSigner
    files: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class PurseMould:
    """A purse that holds nothing yet, and the account of its holder, which has won to load."""

    purse_id: bytes
    holder_id: bytes
    image: PurseImage


@dataclass(frozen=True, slots=True)
class Mould:
    """All of it; `image` is the ledger's database."""

    authorities: Authorities
    image: bytes
    terminals: tuple[TerminalMould, ...]
    purses: tuple[PurseMould, ...]
    wallet: SoftwareSigner
    wallet_id: bytes

    @property
    def network(self) -> str:
        """The network that all of it is signed for."""
        return self.authorities.network


@contextmanager
def drawn_from(seed: int) -> Iterator[None]:
    """Let every number that the ledger draws by chance come from `seed`."""
    with patch.object(secrets, "_sysrand", random.Random(seed)):
        yield


@cache
def mould() -> Mould:
    """Return what every world of this process starts from."""
    with drawn_from(0), TemporaryDirectory(dir=MEMORY) as directory:
        return _made(Path(directory))


def load_image(connection: Connection, image: bytes) -> None:
    """Make an empty database in memory the ledger's of that image."""
    _sqlite(connection).deserialize(image)


def _made(directory: Path) -> Mould:
    roots = (key("simulated root"), key("simulated second root"))
    signers = {purpose: key(f"simulated {purpose.name}") for purpose in Purpose}
    authorities = Authorities(NETWORK, signers, tuple(root.public_key for root in roots))
    store = open_store(IN_MEMORY)
    set_up(store, authorities, roots, lambda: START_S)
    ledger = Ledger.open(store, authorities, lambda: START_S)
    ledger.treasury.issue(FUND_ID, _FUND_WON)
    terminals = tuple(_terminal(ledger, authorities, at, directory) for at in range(TERMINALS))
    purses = tuple(_purse(ledger, authorities, at) for at in range(PURSES))
    wallet = key("simulated wallet")
    wallet_id = ledger.accounts.open(wallet.public_key).account_id
    ledger.treasury.issue(wallet_id, _WALLET_WON)
    with store.engine.connect() as connection:
        image = _sqlite(connection).serialize()
    ledger.close()
    return Mould(authorities, image, terminals, purses, wallet, wallet_id)


def _terminal(ledger: Ledger, authorities: Authorities, at: int, directory: Path) -> TerminalMould:
    place, signer = directory / str(at), key(f"simulated terminal {at}")
    place.mkdir()
    code = ledger.merchants.new_code(ledger.merchants.add(f"Shop {at}").merchant_id)
    request = enrolment_request(code, "simulated", octets(f"nonce {at}", 16), signer, NETWORK)
    answer = ledger.terminals.enrol(request.data)
    enrolment = open_enrolment(answer, signer.public_key, authorities.roots[0], NETWORK, START_S)
    write_enrolment(place, enrolment)
    files = tuple((each.name, each.read_bytes()) for each in sorted(place.iterdir()))
    return TerminalMould(enrolment.certificate.message.terminal_id, signer, files)


def _purse(ledger: Ledger, authorities: Authorities, at: int) -> PurseMould:
    signer = key(f"simulated purse {at}")
    holder_id = ledger.accounts.open().account_id
    ledger.treasury.issue(holder_id, HOLDER_WON)
    certificate = ledger.purses.open(holder_id, signer.public_key, Assurance.CARD_SECURE_ELEMENT)
    authority = authorities.signers[Purpose.PURSE].public_key.compressed
    image = PurseImage(signer.scalar, NETWORK, authority, certificate.data)
    return PurseMould(certificate.message.purse_id, holder_id, image)


def _sqlite(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver
