"""Proofs that leave the ledger: verified by anyone who knows a root, refused in clear words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kscoin.certificates import seal_trust_list
from kscoin.keys import PublicKey
from kscoin.messages import Debit
from kscoin.networks import DEMO, TEST
from kscoin.proof import DoubleSpendProof, ExcessProof, Exhibit, proof_in
from kscoin.signed import open_signed, seal
from ledger.commands.main import commands
from ledger.commands.place import place_of
from ledger.exhibits import verify_file
from tests.kscoin import parties
from tests.ledger.operator import Operator, told_time_by
from tests.ledger.world import HandClock, World, kinds, new_key


@dataclass(frozen=True)
class Stranger:
    """Someone with a file and a root, and no ledger."""

    file: Path
    root: str

    def verifies(self, *more: str) -> tuple[int, dict[str, Any]]:
        """Return the exit status and what the command prints with --json."""
        words = ("proof", "verify", str(self.file), "--root", self.root, *more, "--json")
        result = CliRunner().invoke(commands, words)
        facts: dict[str, Any] = json.loads(result.stdout)
        return result.exit_code, facts

    def reads(self, *more: str) -> str:
        """Return what the command prints for a person."""
        words = ("proof", "verify", str(self.file), "--root", self.root, *more)
        return CliRunner().invoke(commands, words).stdout


def test_a_double_spend_is_exported_and_proven_to_a_stranger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = HandClock()
    told_time_by(clock, monkeypatch)
    operator = ["--data", str(tmp_path / "ledger")]
    CliRunner().invoke(commands, [*operator, "init", "--network", TEST])
    place = place_of(tmp_path / "ledger", None, None)
    with place.ledger() as ledger:
        world = World(ledger, clock, place.authorities())
        shop, card, root = world.shop(), world.card(50_000), world.root.compressed.hex()
        clone = card.clone()
        shop.take(card, 3_000)
        shop.take(clone, 2_000)
        shop.sync(ledger)
    words = [*operator, "proof", "export", card.purse_id.hex(), "--to", str(tmp_path), "--json"]
    (file,) = json.loads(CliRunner().invoke(commands, words).stdout)["files"]
    status, found = Stranger(Path(file), root).verifies()
    assert (status, found["is_proven"], found["kind"]) == (0, True, "double_spend")
    assert (found["purse_id"], found["won"]) == (card.purse_id.hex(), 2_000)
    assert [each["amount_won"] for each in found["debits"]] == [3_000, 2_000]
    assert "has spent 2,000 won twice" in Stranger(Path(file), root).reads()


def test_of_an_honest_purse_nothing_is_exported(tmp_path: Path) -> None:
    operator = Operator(tmp_path / "ledger")
    operator.asks("init", "--network", TEST)
    holder_id = operator.asks("accounts", "open")["account_id"]
    key = new_key().public_key.compressed.hex()
    purse_id = operator.asks("purses", "open", holder_id, "--key", key)["purse_id"]
    assert "Nothing is proven" in operator.reads("proof", "export", purse_id)


def test_what_exceeds_the_newest_certificate_is_proven_with_it(world: World) -> None:
    shop, card = world.shop(), world.card(10_000)
    stale = card.certificate
    world.load(card, 5_000)
    request = shop.request(15_001)
    shop.take_debit(request, card.debit(request), stale)
    assert shop.sync(world.ledger)[-1].reason == "exceeds_credit"
    (row,) = world.ledger.purses.double_spends_of(card.purse_id)
    exhibit = Exhibit(world.ledger.published.trust(), row.proof).encode()
    found = verify_file(exhibit, [world.root])
    assert (found.kind, found.won, found.credit_total_won) == ("excess", 1, 15_000)
    assert "1 won above the 15,000 reserved" in found.sentence


def test_a_witness_that_exceeds_is_proven_too(world: World) -> None:
    shop, other, card = world.shop(), world.shop(), world.card(10_000)
    request = shop.request(10_001)
    other.meet(card.debit(request), card)
    other.sync(world.ledger)
    (row,) = world.ledger.purses.double_spends_of(card.purse_id)
    certificate, debit = _excess(row.proof).verify(shop.trust)
    assert certificate.credit_total_won < debit.interval.end_won


def test_the_same_cheat_again_is_proven_once(world: World) -> None:
    shop, card = world.shop(), world.card(10_000)
    payment = shop.take(card, 10_001)
    shop.sync(world.ledger)
    other = world.shop()
    key = PublicKey(card.certificate.message.public_key)
    other.meet(open_signed(Debit, payment.debit, key, TEST), card)
    assert len(kinds(other.sync(world.ledger))) == 1
    assert len(world.ledger.purses.double_spends_of(card.purse_id)) == 1


# --- what proves nothing ----------------------------------------------------------------------


def _signed(amount_won: int, total_won: int, request: str, network: str = TEST) -> bytes:
    spent = parties.debit(amount_won, total_won, request=request)
    return seal(spent, parties.key("card"), network).data


def _certificate(authority: str = "purse authority", network: str = TEST) -> bytes:
    return seal(parties.purse_certificate(), parties.key(authority), network).data


RIGHT = DoubleSpendProof(_certificate(), _signed(1, 9, "one"), _signed(2, 9, "other"))
APART = DoubleSpendProof(_certificate(), _signed(1, 9, "one"), _signed(1, 8, "other"))
FOREIGN = DoubleSpendProof(_certificate(), _signed(1, 9, "one", DEMO), _signed(1, 9, "other"))
STRANGE = DoubleSpendProof(_certificate("stranger"), RIGHT.first, RIGHT.second)


def stranger(tmp_path: Path, data: bytes) -> Stranger:
    file = tmp_path / "some.proof"
    file.write_bytes(data)
    return Stranger(file, parties.key("root").public_key.compressed.hex())


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"not a proof", "malformed", "holds no proof"),
        (RIGHT.encode(), "malformed", "holds no proof"),
        (Exhibit(parties.trust().data, APART.encode()).encode(), "not_a_proof", "proves nothing"),
        (Exhibit(parties.trust().data, FOREIGN.encode()).encode(), "wrong_network", "another"),
        (Exhibit(parties.trust().data, STRANGE.encode()).encode(), "untrusted_key", "authority"),
    ],
)
def test_what_proves_nothing_is_told_why(
    tmp_path: Path, data: bytes, code: str, words: str
) -> None:
    status, found = stranger(tmp_path, data).verifies()
    assert (status, found["is_proven"], found["code"]) == (1, False, code)
    assert words in found["sentence"]
    assert words in stranger(tmp_path, data).reads()


def test_a_proof_counts_for_the_root_and_network_that_were_named(tmp_path: Path) -> None:
    right = stranger(tmp_path, Exhibit(parties.trust().data, RIGHT.encode()).encode())
    assert right.verifies("--network", TEST)[0] == 0
    assert right.verifies("--network", DEMO)[1]["code"] == "wrong_network"
    other = Stranger(right.file, new_key().public_key.compressed.hex())
    assert other.verifies()[1]["code"] == "untrusted_key"
    assert other.verifies("--root", right.root)[0] == 0


def test_a_bare_proof_is_verified_with_a_trust_list_of_ones_own(tmp_path: Path) -> None:
    trust = tmp_path / "trust.cbor"
    trust.write_bytes(parties.trust().data)
    bare = stranger(tmp_path, RIGHT.encode())
    assert bare.verifies("--trust", str(trust))[0] == 0
    forged = seal_trust_list(parties.trust().listing, [parties.key("stranger")], TEST)
    trust.write_bytes(forged)
    assert bare.verifies("--trust", str(trust))[1]["code"] == "untrusted_key"


def _excess(data: bytes) -> ExcessProof:
    proof = proof_in(data)
    assert isinstance(proof, ExcessProof)
    return proof
