"""The spending line: which debits overlap, and what proves that a purse has spent twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from kscoin.messages import Debit
from kscoin.networks import DEMO
from kscoin.proof import DoubleSpendProof, ExcessProof, Proof
from kscoin.signed import seal
from tests.kscoin.parties import NETWORK, debit, key, purse_certificate, trust

# Intervals (start, end] of one purse, in pairs, and whether they claim a won in common.
_PAIRS: Final = (
    ((0, 10), (10, 20), False),
    ((0, 10), (11, 20), False),
    ((0, 10), (9, 20), True),
    ((0, 10), (0, 10), True),
    ((0, 10), (3, 4), True),
    ((3, 4), (0, 10), True),
    ((0, 10), (0, 1), True),
    ((0, 10), (9, 10), True),
    ((9, 10), (10, 11), False),
)


def spending_vectors() -> dict[str, object]:
    """Return the vectors of `kscoin.purse` and `kscoin.proof`."""
    return {
        "about": "Intervals (start, end] and proofs of cheating, KSP/1 sections 1, 4 and 11.",
        "network": NETWORK,
        "pinned_root": key("root").public_key.compressed.hex(),
        "trust_list": trust().data.hex(),
        "pairs": [
            {"one": [*one], "other": [*other], "overlap": overlap} for one, other, overlap in _PAIRS
        ],
        "proofs": [
            {"rule": rule, "proof": proof.encode().hex(), "error": error}
            for rule, proof, error in _proofs()
        ],
    }


def _signed(spent: Debit, signer: str = "card", network: str = NETWORK) -> bytes:
    return seal(spent, key(signer), network).data


def _excess(certificate: bytes, strange: bytes) -> Iterator[tuple[str, Proof, str | None]]:
    credit_won = purse_certificate().credit_total_won
    above = debit(2_000, credit_won + 1)
    right = ExcessProof(certificate, _signed(above))
    yield "a debit above what was reserved", right, None
    within = _signed(debit(2_000, credit_won))
    yield "not a debit within it", replace(right, debit=within), "not_a_proof"
    foreign = _signed(replace(above, purse_id=b"purse-02"))
    yield "the debit is that purse's", replace(right, debit=foreign), "not_a_proof"
    yield "and by its key", replace(right, debit=_signed(above, "phone")), "bad_signature"
    elsewhere = _signed(above, network=DEMO)
    yield "and for this network", replace(right, debit=elsewhere), "wrong_network"
    yield "what was reserved is certified", replace(right, certificate=strange), "untrusted_key"


def _proofs() -> Iterator[tuple[str, Proof, str | None]]:
    certificate = seal(purse_certificate(), key("purse authority"), NETWORK).data
    strange = seal(purse_certificate(), key("stranger"), NETWORK).data
    one = debit(1_000, 5_000, request="first shop")
    other = debit(2_000, 6_500, request="second shop")
    after = debit(2_000, 7_000, request="second shop")
    broken = debit(9_000, 5_000, request="second shop")
    foreign = replace(other, purse_id=b"purse-02")
    right = DoubleSpendProof(certificate, _signed(one), _signed(other))
    yield "two debits that overlap", right, None
    yield "in either order", replace(right, first=right.second, second=right.first), None
    yield "not one debit twice", replace(right, second=right.first), "not_a_proof"
    yield "not two that only touch", replace(right, second=_signed(after)), "not_a_proof"
    yield "both of that purse", replace(right, second=_signed(foreign)), "not_a_proof"
    yield (
        "both by that purse's key",
        replace(right, second=_signed(other, "phone")),
        "bad_signature",
    )
    yield "both for this network", replace(right, first=_signed(one, network=DEMO)), "wrong_network"
    yield "the key certified", replace(right, certificate=strange), "untrusted_key"
    yield "both of them intervals", replace(right, second=_signed(broken)), "exceeds_credit"
    yield from _excess(certificate, strange)
    yield "both of them debits", replace(right, second=right.certificate), "bad_signature"
