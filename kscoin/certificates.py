"""The trust list and what hangs from it: who may sign what, and when (KSP/1 section 3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeVar

from kscoin import codec
from kscoin.cose import Envelope, parse
from kscoin.errors import BadSignature, Expired, Malformed, StaleVersion, UntrustedKey
from kscoin.keys import PublicKey, Signer
from kscoin.messages import (
    Authority,
    Message,
    Purpose,
    PurseCertificate,
    TerminalCertificate,
    TrustList,
)
from kscoin.signed import Signed, open_signed, seal

M = TypeVar("M", bound=Message)

# A trust list holds a few dozen keys, signed by at most four roots: far below this.
MAX_TRUST_LIST_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Trust:
    """The trust list in force on one network, verified. `data` is what is kept on disk."""

    network: str
    listing: TrustList
    data: bytes

    def authority(self, purpose: Purpose, kid: bytes, now_s: int) -> PublicKey:
        """Return the authority key that `kid` hints at, if it may sign for `purpose` at `now_s`.

        Raises UntrustedKey if no such key is listed (another network's, usually), Expired if it
        is listed but not valid at that time.
        """
        for each in self.listing.authorities:
            key = PublicKey(each.public_key)
            if each.purpose is purpose and key.kid == kid:
                return _valid_authority(each, key, now_s)
        raise UntrustedKey(f"no {purpose.name.lower()} authority of ours has key {kid.hex()}")


def seal_trust_list(listing: TrustList, roots: Iterable[Signer], network: str) -> bytes:
    """Return the trust list signed by each of `roots`: an array of COSE_Sign1 byte strings."""
    return codec.encode([seal(listing, root, network).data for root in roots])


def pin_trust(data: bytes, root: PublicKey, network: str) -> Trust:
    """Return the trust that a known root vouches for: at enrolment, and from disk at start.

    Raises UntrustedKey if `root` has not signed it, or an EncodingError.
    """
    envelopes = _signatures(data)
    listing = _signed_by_any(envelopes, [root], network)
    return Trust(network, listing, data)


def succeed_trust(current: Trust, data: bytes) -> Trust:
    """Return the trust after a new list, signed by a root of the old list and one of the new.

    Raises StaleVersion if its version is not higher, UntrustedKey if a signature is missing.
    """
    envelopes = _signatures(data)
    listing = _signed_by_any(envelopes, _roots(current.listing), current.network)
    if listing.version <= current.listing.version:
        raise StaleVersion(f"trust list {listing.version} is not newer than ours")
    _signed_by_any(envelopes, _roots(listing), current.network)
    return Trust(current.network, listing, data)


def open_authorised(
    kind: type[M], purpose: Purpose, data: bytes, trust: Trust, now_s: int, max_bytes: int = 0
) -> Signed[M]:
    """Return the message of `kind` that an authority for `purpose` signed.

    Raises UntrustedKey, Expired, BadSignature or an EncodingError.
    """
    limit = max_bytes or codec.MAX_MESSAGE_BYTES
    key = trust.authority(purpose, parse(data, limit).kid, now_s)
    return open_signed(kind, data, key, trust.network, limit)


def open_purse_certificate(data: bytes, trust: Trust, now_s: int) -> Signed[PurseCertificate]:
    """Return the certificate if a purse authority signed it and it has not ended at `now_s`."""
    signed = open_authorised(PurseCertificate, Purpose.PURSE, data, trust, now_s)
    if now_s > signed.message.not_after_s:
        raise Expired("the purse's certificate has ended", not_after_s=signed.message.not_after_s)
    return signed


def open_terminal_certificate(data: bytes, trust: Trust, now_s: int) -> Signed[TerminalCertificate]:
    """Return the certificate if a terminal authority signed it and it is valid at `now_s`."""
    signed = open_authorised(TerminalCertificate, Purpose.TERMINAL, data, trust, now_s)
    if not signed.message.not_before_s <= now_s <= signed.message.not_after_s:
        raise Expired("the terminal's certificate is not valid now")
    return signed


def _valid_authority(listed: Authority, key: PublicKey, now_s: int) -> PublicKey:
    if not listed.not_before_s <= now_s <= listed.not_after_s:
        raise Expired(f"the {listed.purpose.name.lower()} authority's key is not valid now")
    return key


def _signatures(data: bytes) -> list[Envelope]:
    parts = codec.decode(data, MAX_TRUST_LIST_BYTES)
    if not isinstance(parts, list) or not 1 <= len(parts) <= 4:
        raise Malformed("a trust list is an array of one to four signed lists")
    envelopes = [parse(_octets(part), MAX_TRUST_LIST_BYTES) for part in parts]
    if len({envelope.payload for envelope in envelopes}) != 1:
        raise Malformed("the signatures of a trust list are over different lists")
    return envelopes


def _octets(part: codec.Value) -> bytes:
    if not isinstance(part, bytes):
        raise Malformed("a byte string is expected")
    return part


def _signed_by_any(
    envelopes: list[Envelope], roots: Iterable[PublicKey], network: str
) -> TrustList:
    for root in roots:
        for envelope in envelopes:
            try:
                return TrustList.from_payload(envelope.verify(root, network))
            except BadSignature:
                continue
    raise UntrustedKey("no root that we know has signed this trust list")


def _roots(listing: TrustList) -> list[PublicKey]:
    return [PublicKey(root) for root in listing.roots]
