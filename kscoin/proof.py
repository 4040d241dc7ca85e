"""Double-spend proofs: two debits of one purse that claim the same won; anyone can check one."""

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
        the two are one debit, of different purses, or do not overlap; a VerificationError if a
        signature does not hold.
        """
        issued_at_s = _claimed_issue(self.certificate)
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


def _claimed_issue(certificate: bytes) -> int:
    return claim(PurseCertificate, certificate).issued_at_s
