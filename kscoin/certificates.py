"""The trust list and what hangs from it: who may sign what, and when (KSP/1 section 3).

Reads no disk and no clock: bytes and times are handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

from kscoin import codec
from kscoin.cose import Envelope, parse
from kscoin.errors import (
    Expired,
    KSCoinError,
    Malformed,
    StaleVersion,
    UntrustedKey,
    WrongNetwork,
)
from kscoin.keys import PublicKey, Signer, key_id
from kscoin.messages import (
    MAX_ROOTS,
    Authority,
    Message,
    Purpose,
    PurseCertificate,
    TerminalCertificate,
    TrustList,
)
from kscoin.networks import NETWORKS
from kscoin.signed import Signed, claim, open_envelope, seal

M = TypeVar("M", bound=Message)

# A trust list holds a few dozen keys, signed by at most four roots: far below this.
MAX_TRUST_LIST_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Trust:
    """The trust list in force on one network, verified.

    `data` is what is kept on disk, and `root` the key that vouches for it there: whoever
    succeeds to a new list keeps the new root beside it.
    """

    network: str
    listing: TrustList
    data: bytes
    root: PublicKey

    def authority(self, purpose: Purpose, kid: bytes, now_s: int) -> PublicKey:
        """Return the authority key that `kid` hints at, if it may sign for `purpose` at `now_s`.

        Raises UntrustedKey if no such key is listed (another network's, usually), Expired if it
        is listed but not valid at that time.
        """
        hinted = [each for each in self._authorities(purpose) if key_id(each.public_key) == kid]
        if not hinted:
            raise UntrustedKey(f"no {purpose.name.lower()} authority of ours has key {kid.hex()}")
        for each in hinted:
            if each.not_before_s <= now_s <= each.not_after_s:
                return PublicKey(each.public_key)
        raise Expired(f"the {purpose.name.lower()} authority's key is not valid now")

    def sealing_key(self, now_s: int) -> PublicKey:
        """Return the courier key that is valid at `now_s`, the latest if there are several.

        Raises UntrustedKey if there is none: the ledger takes no couriers.
        """
        couriers = self._authorities(Purpose.COURIER)
        valid = [each for each in couriers if each.not_before_s <= now_s <= each.not_after_s]
        if not valid:
            raise UntrustedKey("the trust list has no courier key that is valid now")
        return PublicKey(max(valid, key=lambda each: each.not_before_s).public_key)

    def _authorities(self, purpose: Purpose) -> Iterator[Authority]:
        return (each for each in self.listing.authorities if each.purpose is purpose)


def seal_trust_list(listing: TrustList, roots: Iterable[Signer], network: str) -> bytes:
    """Return the trust list signed by each of `roots`: an array of COSE_Sign1 byte strings."""
    return codec.encode([seal(listing, root, network).data for root in roots])


def pin_trust(data: bytes, root: PublicKey, network: str) -> Trust:
    """Return the trust that a known root vouches for: at enrolment, and from disk at start.

    Raises UntrustedKey if `root` has not signed it, BadSignature or WrongNetwork if it has
    signed something else, or an EncodingError.
    """
    return _vouched(_signatures(data), [root], network)


def pin_trust_of_any(
    data: bytes, roots: Iterable[PublicKey], networks: Iterable[str] = NETWORKS
) -> Trust:
    """Return the trust that one of the roots vouches for, on whichever of the networks.

    For whoever has been shown something and knows a root. Raises as `pin_trust`.
    """
    error: KSCoinError = UntrustedKey("no root was given")
    names = tuple(networks)
    for root in roots:
        for name in names:
            try:
                return pin_trust(data, root, name)
            except (UntrustedKey, WrongNetwork) as exc:
                error = exc
    raise error


def succeed_trust(current: Trust, data: bytes) -> Trust:
    """Return the trust after a new list, signed by a root of the old list and one of the new.

    Raises StaleVersion if its version is not higher, UntrustedKey if a signature is missing, or
    as `pin_trust`.
    """
    envelopes = _signatures(data)
    listing = _vouched(envelopes, _roots(current.listing), current.network).listing
    if listing.version <= current.listing.version:
        raise StaleVersion(f"trust list {listing.version} is not newer than ours")
    return _vouched(envelopes, _roots(listing), current.network)


def open_authorised(
    kind: type[M],
    purpose: Purpose,
    data: bytes,
    trust: Trust,
    now_s: int,
    max_bytes: int = codec.MAX_MESSAGE_BYTES,
) -> Signed[M]:
    """Return the message of `kind` that an authority for `purpose` signed.

    Raises UntrustedKey, Expired, BadSignature, WrongNetwork or an EncodingError.
    """
    envelope = parse(data, max_bytes)
    key = trust.authority(purpose, envelope.kid, now_s)
    return open_envelope(kind, envelope, key, trust.network)


def open_purse_certificate(data: bytes, trust: Trust, now_s: int) -> Signed[PurseCertificate]:
    """Return the certificate if a purse authority signed it and it has not ended at `now_s`."""
    signed = open_authorised(PurseCertificate, Purpose.PURSE, data, trust, now_s)
    if now_s > signed.message.not_after_s:
        raise Expired("the purse's certificate has ended", not_after_s=signed.message.not_after_s)
    return signed


def open_issued_purse(data: bytes, trust: Trust) -> PurseCertificate:
    """Return a certificate by an authority that was valid when it issued it, ended or not.

    For whoever judges something old: a proof, a slip. Raises as `open_authorised`.
    """
    issued_at_s = claim(PurseCertificate, data).issued_at_s
    return open_authorised(PurseCertificate, Purpose.PURSE, data, trust, issued_at_s).message


def open_terminal_certificate(data: bytes, trust: Trust, now_s: int) -> Signed[TerminalCertificate]:
    """Return the certificate if a terminal authority signed it and it is valid at `now_s`."""
    signed = open_authorised(TerminalCertificate, Purpose.TERMINAL, data, trust, now_s)
    if not signed.message.not_before_s <= now_s <= signed.message.not_after_s:
        raise Expired("the terminal's certificate is not valid now")
    return signed


def _signatures(data: bytes) -> list[Envelope]:
    parts = codec.decode_strings(data, MAX_TRUST_LIST_BYTES)
    if not 1 <= len(parts) <= MAX_ROOTS:
        raise Malformed(f"a trust list is an array of one to {MAX_ROOTS} signed lists")
    envelopes = [parse(part, MAX_TRUST_LIST_BYTES) for part in parts]
    if len({envelope.payload for envelope in envelopes}) != 1:
        raise Malformed("the signatures of a trust list are over different lists")
    return envelopes


def _vouched(envelopes: list[Envelope], roots: Iterable[PublicKey], network: str) -> Trust:
    """Return the list that the first of `roots` among its signers vouches for."""
    for root in roots:
        for envelope in envelopes:
            if envelope.kid == root.kid:
                listing = TrustList.from_payload(envelope.verify(root, network))
                return Trust(network, listing, _array(envelopes), root)
    raise UntrustedKey("no root that we know has signed this trust list")


def _array(envelopes: Iterable[Envelope]) -> bytes:
    return codec.encode([envelope.data for envelope in envelopes])


def _roots(listing: TrustList) -> list[PublicKey]:
    return [PublicKey(root) for root in listing.roots]
