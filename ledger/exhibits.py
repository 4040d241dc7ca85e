"""What a proof of cheating says to anyone: verified with a root alone, put into sentences.

Needs no ledger: a court, a bank or the purse's holder can run it on a file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kscoin.certificates import Trust, pin_trust_of_any
from kscoin.errors import (
    BadSignature,
    EncodingError,
    ExceedsCredit,
    Expired,
    KSCoinError,
    NotAProof,
    UntrustedKey,
    WrongNetwork,
)
from kscoin.keys import PublicKey
from kscoin.messages import Debit
from kscoin.networks import NETWORKS
from kscoin.proof import DoubleSpendProof, ExcessProof, Exhibit, Proof, proof_in

_SENTENCES: tuple[tuple[type[KSCoinError], str], ...] = (
    (EncodingError, "The file holds no proof: {error}."),
    (NotAProof, "It proves nothing: {error}."),
    (ExceedsCredit, "It proves nothing: {error}."),
    (WrongNetwork, "It is signed for another network: {error}."),
    (UntrustedKey, "Its certificate is by no authority that this root vouches for: {error}."),
    (Expired, "Its authority was not valid when it certified the purse: {error}."),
    (BadSignature, "A signature in it does not hold: {error}."),
)


@dataclass(frozen=True, slots=True)
class Proven:
    """What a proof proves of a purse; `won` is what it spent twice, or above what it had."""

    network: str
    purse_id: bytes
    kind: str
    won: int
    debits: tuple[Debit, ...]
    credit_total_won: int | None

    @property
    def sentence(self) -> str:
        """What it proves, for a person."""
        who = f"Proven, on the network {self.network}: purse {self.purse_id.hex()}"
        if self.credit_total_won is None:
            return f"{who} has spent {self.won:,} won twice."
        return f"{who} has spent {self.won:,} won above the {self.credit_total_won:,} reserved."


def verify_file(
    data: bytes, roots: Iterable[PublicKey], network: str | None = None, trust: bytes | None = None
) -> Proven:
    """Return what an exhibit proves to whoever knows one of the roots.

    Without a network it may be for any; with a trust list of one's own, the file's is not looked
    at and may be absent. Raises NotAProof, a VerificationError or an EncodingError.
    """
    proof = _proof_in(data, is_bare=trust is not None)
    listed = trust if trust is not None else Exhibit.decode(data).trust
    names = NETWORKS if network is None else (network,)
    return _proven(proof, pin_trust_of_any(listed, roots, names))


def sentence_on(error: KSCoinError) -> str:
    """Return what a person is told of a file that proves nothing."""
    found = (words for kind, words in _SENTENCES if isinstance(error, kind))
    return next(found, "{error}.").format(error=error)


def _proof_in(data: bytes, *, is_bare: bool) -> Proof:
    try:
        return proof_in(Exhibit.decode(data).proof)
    except EncodingError:
        if not is_bare:
            raise
        return proof_in(data)


def _proven(proof: Proof, trust: Trust) -> Proven:
    if isinstance(proof, ExcessProof):
        certificate, debit = proof.verify(trust)
        credit_won = certificate.credit_total_won
        above_won = min(debit.amount_won, debit.spent_total_won - credit_won)
        return Proven(trust.network, debit.purse_id, "excess", above_won, (debit,), credit_won)
    return _proven_twice(proof, trust)


def _proven_twice(proof: DoubleSpendProof, trust: Trust) -> Proven:
    first, second = proof.verify(trust)
    one, other = first.interval, second.interval
    won = min(one.end_won, other.end_won) - max(one.start_won, other.start_won)
    return Proven(trust.network, first.purse_id, "double_spend", won, (first, second), None)
