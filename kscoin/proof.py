"""Double-spend proofs: two debits of one purse that claim the same won (KSP/1 section 4).

Anyone with a trust list can check one; knows no ledger.
"""

from __future__ import annotations

from dataclasses import dataclass

from kscoin.bundle import Bundle
from kscoin.certificates import Trust, open_authorised
from kscoin.errors import NotAProof
from kscoin.keys import PublicKey
from kscoin.messages import Debit, Purpose, PurseCertificate
from kscoin.signed import claim, open_signed


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
        issued_at_s = claim(PurseCertificate, self.certificate).issued_at_s
        certificate = open_authorised(
            PurseCertificate, Purpose.PURSE, self.certificate, trust, issued_at_s
        ).message
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
