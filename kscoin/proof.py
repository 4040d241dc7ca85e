"""Proofs that a purse cheated: it spent the same won twice, or more than was reserved for it.

KSP/1 section 4. Anyone with a trust list can check one, with a root anyone can check an exhibit;
knows no ledger.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar, Final, TypeAlias

from kscoin.bundle import Bundle
from kscoin.certificates import MAX_TRUST_LIST_BYTES, Trust, open_issued_purse, pin_trust
from kscoin.codec import decode_strings
from kscoin.errors import Malformed, NotAProof
from kscoin.keys import PublicKey
from kscoin.messages import Debit, PurseCertificate
from kscoin.signed import open_signed


@dataclass(frozen=True, slots=True)
class DoubleSpendProof(Bundle):
    """Two signed debits and the certificate of the key that signed both."""

    certificate: bytes
    first: bytes
    second: bytes

    def verify(self, trust: Trust) -> tuple[Debit, Debit]:
        """Return the two debits if they prove a double spend.

        The authority must have been valid when it issued the certificate. Raises NotAProof if
        the two are one debit, of different purses, or do not overlap; ExceedsCredit if one is no
        interval; a VerificationError if a signature does not hold; an EncodingError.
        """
        certificate = open_issued_purse(self.certificate, trust)
        key = PublicKey(certificate.public_key)
        first = open_signed(Debit, self.first, key, trust.network)
        second = open_signed(Debit, self.second, key, trust.network)
        if first.id == second.id:
            raise NotAProof("both are the same debit")
        if {first.message.purse_id, second.message.purse_id} != {certificate.purse_id}:
            raise NotAProof("the debits are not of the certificate's purse")
        if not first.message.interval.overlaps(second.message.interval):
            raise NotAProof("the debits do not overlap")
        return first.message, second.message


@dataclass(frozen=True, slots=True)
class ExcessProof(Bundle):
    """A signed debit that ends above what its purse's certificate says was ever reserved.

    It proves it as of the certificate's `issued_at_s`, which is why a ledger puts the newest
    certificate in it: one issued later that reserves more would refute it.
    """

    certificate: bytes
    debit: bytes

    def verify(self, trust: Trust) -> tuple[PurseCertificate, Debit]:
        """Return the certificate and the debit if they prove that the purse overspent.

        Raises NotAProof if the debit is another purse's or ends within the credit; otherwise as
        `DoubleSpendProof.verify`.
        """
        certificate = open_issued_purse(self.certificate, trust)
        key = PublicKey(certificate.public_key)
        debit = open_signed(Debit, self.debit, key, trust.network).message
        if debit.purse_id != certificate.purse_id:
            raise NotAProof("the debit is not of the certificate's purse")
        if debit.interval.end_won <= certificate.credit_total_won:
            raise NotAProof("the debit ends within what the certificate reserves")
        return certificate, debit


Proof: TypeAlias = DoubleSpendProof | ExcessProof
# A proof is told by how many messages it holds.
_KINDS: Final[dict[int, type[DoubleSpendProof] | type[ExcessProof]]] = {
    len(fields(kind)): kind for kind in (DoubleSpendProof, ExcessProof)
}


def proof_in(data: bytes) -> Proof:
    """Return the proof that `data` holds, of either kind; raises an EncodingError."""
    count = len(decode_strings(data, Bundle.MAX_BYTES))
    if (kind := _KINDS.get(count)) is None:
        raise Malformed(f"a proof is not {count} byte strings")
    return kind.decode(data)


@dataclass(frozen=True, slots=True)
class Exhibit(Bundle):
    """A proof with the trust list that it is checked with, so that a root is all one needs."""

    MAX_BYTES: ClassVar[int] = MAX_TRUST_LIST_BYTES + Bundle.MAX_BYTES + 16
    trust: bytes
    proof: bytes

    def opened(self, root: PublicKey, network: str) -> tuple[Trust, Proof]:
        """Return the trust that the pinned root vouches for, and the proof to verify with it.

        Raises as `pin_trust` and `proof_in`.
        """
        return pin_trust(self.trust, root, network), proof_in(self.proof)
