"""What the ledger signs: trust list, certificates, policy, denylist, receipts, acknowledgements.

Holds the authorities' signers (KSP/1 section 3) and knows no database, file or clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kscoin.certificates import Trust, pin_trust, seal_trust_list
from kscoin.courier import Parcel, batch_in
from kscoin.errors import UntrustedKey
from kscoin.keys import PublicKey, Signer, SoftwareSigner
from kscoin.messages import (
    Acknowledgement,
    Authority,
    DenylistUpdate,
    Policy,
    Purpose,
    PurseCertificate,
    Receipt,
    TerminalCertificate,
    TrustList,
)
from kscoin.signed import Signed, open_signed, seal
from kscoin.wallets import AccountStatement, SupplyStatement
from ledger.errors import SetupError

# An authority's key outlives every certificate that it signs in its first years.
AUTHORITY_VALID_S: Final = 10 * 365 * 86_400


@dataclass(frozen=True, slots=True)
class Authorities:
    """The keys of a ledger: who signs what, and the public halves of the roots above them."""

    network: str
    signers: Mapping[Purpose, Signer]
    roots: tuple[PublicKey, ...]


class Issuer:
    """Signs in the ledger's name, each message by the authority for it."""

    def __init__(self, authorities: Authorities, trust: Trust) -> None:
        self._signers = authorities.signers
        self._trust = trust

    @property
    def trust(self) -> Trust:
        """The trust list in force."""
        return self._trust

    @property
    def network(self) -> str:
        """The network that everything here is signed for."""
        return self._trust.network

    @property
    def receipt_key(self) -> PublicKey:
        """The key that receipts and acknowledgements are verified with."""
        return self._signers[Purpose.RECEIPT].public_key

    def batch_in(self, parcel: Parcel) -> bytes:
        """Return the batch that a verified parcel holds; raises NotForUs."""
        key = self._signers[Purpose.COURIER]
        if not isinstance(key, SoftwareSigner):
            raise SetupError("the courier's key has to be one that opens, not only signs")
        return batch_in(parcel, key, self.network)

    def purse_certificate(self, certificate: PurseCertificate) -> Signed[PurseCertificate]:
        return seal(certificate, self._signers[Purpose.PURSE], self.network)

    def purse_certificate_again(self, data: bytes) -> Signed[PurseCertificate]:
        """Return a certificate that was issued before, from its bytes."""
        key = self._signers[Purpose.PURSE].public_key
        return open_signed(PurseCertificate, data, key, self.network)

    def terminal_certificate(self, certificate: TerminalCertificate) -> Signed[TerminalCertificate]:
        return seal(certificate, self._signers[Purpose.TERMINAL], self.network)

    def receipt(self, receipt: Receipt) -> Signed[Receipt]:
        return seal(receipt, self._signers[Purpose.RECEIPT], self.network)

    def supply(self, supply: SupplyStatement) -> Signed[SupplyStatement]:
        return seal(supply, self._signers[Purpose.RECEIPT], self.network)

    def account_statement(self, statement: AccountStatement) -> Signed[AccountStatement]:
        return seal(statement, self._signers[Purpose.RECEIPT], self.network)

    def acknowledgement(self, acknowledgement: Acknowledgement) -> Signed[Acknowledgement]:
        return seal(acknowledgement, self._signers[Purpose.RECEIPT], self.network)

    def policy(self, policy: Policy) -> Signed[Policy]:
        return seal(policy, self._signers[Purpose.POLICY], self.network)

    def denylist(self, update: DenylistUpdate) -> Signed[DenylistUpdate]:
        return seal(update, self._signers[Purpose.POLICY], self.network)


def first_trust_list(
    authorities: Authorities, roots: tuple[Signer, ...], issued_at_s: int
) -> bytes:
    """Return the first trust list, signed by every root: the authorities for ten years."""
    listing = TrustList(
        version=1,
        issued_at_s=issued_at_s,
        authorities=tuple(
            Authority(
                purpose,
                signer.public_key.compressed,
                issued_at_s,
                issued_at_s + AUTHORITY_VALID_S,
            )
            for purpose, signer in authorities.signers.items()
        ),
        roots=tuple(root.compressed for root in authorities.roots),
    )
    return seal_trust_list(listing, roots, authorities.network)


def trust_of(authorities: Authorities, data: bytes) -> Trust:
    """Return the trust list that one of the ledger's own roots has signed; raises UntrustedKey."""
    for root in authorities.roots:
        try:
            return pin_trust(data, root, authorities.network)
        except UntrustedKey:
            continue
    raise UntrustedKey("none of this ledger's roots has signed the trust list")
