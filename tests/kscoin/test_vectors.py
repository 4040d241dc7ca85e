"""The golden vectors hold, and are what their generator writes, to the byte."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from kscoin import codec, cose, messages, printed
from kscoin.certificates import (
    Trust,
    open_purse_certificate,
    open_terminal_certificate,
    pin_trust,
    succeed_trust,
)
from kscoin.codes import short_code
from kscoin.entries import EntryKind, entry_hash, follow_chain, genesis_hash
from kscoin.errors import BrokenChain, KSCoinError
from kscoin.keys import PublicKey, SoftwareSigner
from kscoin.messages import DenylistUpdate, Message
from kscoin.policy import Denylist
from kscoin.proof import proof_in
from kscoin.purse import Interval
from kscoin.qr import DebitShown, ReceiptShown, RequestShown, Shown, from_text, to_text
from kscoin.signed import open_signed
from tests.kscoin.parties import PURSE_ID
from tests.kscoin.strategies import MESSAGES
from tests.vectors import make
from tests.vectors.diagnostic import diagnostic

Case = dict[str, Any]
FILES: Final[dict[str, Any]] = {name: json.loads(make.text(name)) for name in make.FILES}


def cases(file: str, group: str) -> pytest.MarkDecorator:
    """Return a group of a file's cases as parameters, named by their rules."""
    of_group: list[Case] = FILES[f"{file}.json"][group]
    names = [str(each.get("rule", each.get("name", at))) for at, each in enumerate(of_group)]
    return pytest.mark.parametrize("case", of_group, ids=names)


def octets(case: Case, name: str) -> bytes:
    return bytes.fromhex(case[name])


def refused(case: Case) -> Any:
    """Expect the error that the case names, and no other."""
    return pytest.raises(KSCoinError, check=lambda error: error.code == case["error"])


@pytest.mark.parametrize("name", make.FILES)
def test_the_generator_writes_what_is_stored(name: str) -> None:
    assert (make.HERE / name).read_text(encoding="utf-8") == make.text(name)


def test_every_file_has_a_generator() -> None:
    assert {path.name for path in make.HERE.glob("*.json")} == set(make.FILES)


@pytest.mark.parametrize("name", FILES["keys.json"]["keys"])
def test_keys(name: str) -> None:
    stored = FILES["keys.json"]["keys"][name]
    public_key = SoftwareSigner(int(stored["scalar"], 16)).public_key
    assert public_key.compressed.hex() == stored["public_key"]
    assert public_key.kid.hex() == stored["kid"]


@cases("codec", "accepted")
def test_cbor_that_is_allowed(case: Case) -> None:
    value = codec.decode(octets(case, "cbor"))
    assert diagnostic(value) == case["diagnostic"]
    assert codec.encode(value) == octets(case, "cbor")


@cases("codec", "refused")
def test_cbor_that_is_not_allowed(case: Case) -> None:
    with refused(case):
        codec.decode(octets(case, "cbor"))


@cases("signed", "accepted")
def test_what_is_stored_of_a_signed_message(case: Case) -> None:
    file = FILES["signed.json"]
    envelope = cose.parse(octets(case, "received"))
    envelope.verify(PublicKey(octets(file, "key")), file["network"])
    assert envelope.data == octets(case, "stored")


@cases("signed", "refused")
def test_signed_messages_that_are_refused(case: Case) -> None:
    file = FILES["signed.json"]
    with refused(case):
        cose.parse(octets(case, "received")).verify(PublicKey(octets(file, "key")), file["network"])


def test_what_is_signed() -> None:
    file = FILES["signed.json"]
    key = PublicKey(octets(file, "key"))
    structure = cose.to_be_signed(octets(file, "payload"), key.kid, file["network"])
    assert structure == octets(file, "to_be_signed")


@cases("messages", "accepted")
def test_messages(case: Case) -> None:
    kind = _kind(case)
    signer = FILES["keys.json"]["keys"][case["signer"]]
    opened = open_signed(
        kind,
        octets(case, "signed"),
        PublicKey(octets(signer, "public_key")),
        FILES["messages.json"]["network"],
    )
    assert opened.payload == octets(case, "payload")
    assert opened.id == octets(case, "id")
    assert short_code(opened.id) == case["short_code"]
    assert opened.message.to_payload() == octets(case, "payload")
    assert kind.TYPE == case["type"] == messages.type_of(opened.payload)


@cases("messages", "refused")
def test_payloads_that_are_refused(case: Case) -> None:
    with refused(case):
        _kind(case).from_payload(octets(case, "payload"))


@cases("qr", "accepted")
def test_texts_of_qr_codes(case: Case) -> None:
    shapes: dict[str, type[Shown]] = {
        "request": RequestShown,
        "debit": DebitShown,
        "receipt": ReceiptShown,
    }
    stored = shapes[case["shape"]](*map(bytes.fromhex, case["stored"]))
    assert from_text(case["text"]) == stored
    assert from_text(to_text(stored)) == stored


@cases("qr", "refused")
def test_texts_that_are_refused(case: Case) -> None:
    with refused(case):
        from_text(case["text"])


@cases("slips", "accepted")
def test_codes_on_slips(case: Case) -> None:
    proven = printed.verify(printed.from_text(case["text"]), _trust(FILES["slips.json"]))
    assert (proven.says.value, proven.merchant_name) == (case["says"], case["merchant_name"])
    assert proven.terminal_id == octets(case, "terminal_id")
    assert proven.request_hash == octets(case, "request_hash")
    assert (proven.amount_won, proven.at_s) == (case["amount_won"], case["at_s"])
    assert proven.ledger_number == case["ledger_number"]


@cases("slips", "refused")
def test_codes_on_slips_that_prove_nothing(case: Case) -> None:
    with refused(case):
        printed.verify(printed.from_text(case["text"]), _trust(FILES["slips.json"]))


@cases("trust", "pinned")
def test_lists_for_a_pinned_root(case: Case) -> None:
    file = FILES["trust.json"]
    root = PublicKey(octets(file, "pinned_root"))
    if case["error"]:
        with refused(case):
            pin_trust(octets(case, "data"), root, file["network"])
    else:
        trust = pin_trust(octets(case, "data"), root, file["network"])
        assert (trust.data, trust.root) == (octets(case, "data"), root)


@cases("trust", "succession")
def test_lists_that_follow(case: Case) -> None:
    current = _trust(FILES["trust.json"])
    if case["error"]:
        with refused(case):
            succeed_trust(current, octets(case, "data"))
    else:
        trust = succeed_trust(current, octets(case, "data"))
        assert trust.listing.version > current.listing.version
        assert pin_trust(trust.data, trust.root, trust.network) == trust


@pytest.mark.parametrize(
    ("opening", "group"),
    [
        (open_purse_certificate, "purse_certificates"),
        (open_terminal_certificate, "terminal_certificates"),
    ],
)
def test_certificates(opening: Any, group: str) -> None:
    trust = _trust(FILES["trust.json"])
    for case in FILES["trust.json"][group]:
        if case["error"]:
            with refused(case):
                opening(octets(case, "data"), trust, case["now_s"])
        else:
            assert opening(octets(case, "data"), trust, case["now_s"]).data == octets(case, "data")


def test_steps_of_the_denylist() -> None:
    now = Denylist()
    assert now.hash().hex() == FILES["denylist.json"]["empty_hash"]
    for step in FILES["denylist.json"]["steps"]:
        now = now.updated(_update(step))
        stored = (step["version"], octets(step, "ids"), frozenset(step["epochs"]))
        assert (now.version, now.ids, now.epochs) == stored
        assert now.hash() == octets(step, "hash")


@cases("denylist", "refused")
def test_steps_that_are_refused(case: Case) -> None:
    now = Denylist().updated(_update(FILES["denylist.json"]["steps"][0]))
    assert now.version == FILES["denylist.json"]["after"]
    with refused(case):
        now.updated(_update(case))


def test_the_journal() -> None:
    file = FILES["journal.json"]
    stored = [octets(each, "entry") for each in file["entries"]]
    genesis = genesis_hash(octets(file, "terminal_id"))
    assert genesis == octets(file, "genesis")
    for entry, each in zip(follow_chain(stored, genesis, 1), file["entries"], strict=True):
        assert entry.kind is EntryKind[each["kind"].upper()]
        assert entry.body == octets(each, "body")
        assert entry_hash(entry.encode()) == octets(each, "hash")


def test_the_journal_has_an_entry_of_every_kind() -> None:
    kinds = {each["kind"].upper() for each in FILES["journal.json"]["entries"]}
    assert kinds == {kind.name for kind in EntryKind}


@cases("journal", "broken")
def test_chains_that_are_broken(case: Case) -> None:
    genesis = octets(FILES["journal.json"], "genesis")
    followed = follow_chain(map(bytes.fromhex, case["entries"]), genesis, 1)
    for _ in range(case["at"] - 1):
        next(followed)
    with pytest.raises(BrokenChain, check=lambda error: error.context["sequence"] == case["at"]):
        next(followed)


@cases("spending", "pairs")
def test_pairs_of_intervals(case: Case) -> None:
    one, other = Interval(*case["one"]), Interval(*case["other"])
    assert one.overlaps(other) is other.overlaps(one) is case["overlap"]


@cases("spending", "proofs")
def test_proofs_of_double_spends(case: Case) -> None:
    trust = _trust(FILES["spending.json"])
    proof = proof_in(octets(case, "proof"))
    if case["error"]:
        with refused(case):
            proof.verify(trust)
    else:
        verified = proof.verify(trust)
        assert {each.purse_id for each in verified} == {PURSE_ID}


def _kind(case: Case) -> type[Message]:
    return next(each for each in MESSAGES if each.__name__ == case["message"])


def _trust(file: Case) -> Trust:
    root = PublicKey(octets(file, "pinned_root"))
    return pin_trust(octets(file, "trust_list"), root, file["network"])


def _update(case: Case) -> DenylistUpdate:
    file = FILES["denylist.json"]
    key = PublicKey(octets(file, "key"))
    return open_signed(DenylistUpdate, octets(case, "update"), key, file["network"]).message
