"""The trust list: what a root vouches for, how one list follows another, whose word counts when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kscoin import codec
from kscoin.certificates import seal_trust_list
from kscoin.messages import Purpose
from kscoin.networks import DEMO
from kscoin.signed import seal
from tests.kscoin.parties import (
    NETWORK,
    NOW_S,
    authority,
    key,
    purse_certificate,
    terminal_certificate,
    trust,
    trust_list,
)


def trust_vectors() -> dict[str, object]:
    """Return the vectors of `kscoin.certificates`."""
    return {
        "about": "The trust list, KSP/1 section 3. Times are seconds since 1970.",
        "network": NETWORK,
        "pinned_root": key("root").public_key.compressed.hex(),
        "trust_list": trust().data.hex(),
        "pinned": [*_pinned()],
        "succession": [*_succession()],
        "purse_certificates": [*_purses()],
        "terminal_certificates": [*_terminals()],
    }


def _case(rule: str, data: bytes, error: str | None, **more: object) -> dict[str, object]:
    return {"rule": rule, "data": data.hex(), **more, "error": error}


def _signed(*roots: str, version: int = 1, network: str = NETWORK, listed: str = "") -> bytes:
    listing = trust_list(version, tuple(listed.split(", ")) if listed else ("root", "second root"))
    return seal_trust_list(listing, [key(root) for root in roots], network)


def _pinned() -> Iterator[dict[str, object]]:
    """Lists for a terminal that knows the root and nothing else."""
    one, other = _signed("root"), _signed("root", version=2)
    part, another = (codec.decode(each, 65_536) for each in (one, other))
    assert isinstance(part, list)
    assert isinstance(another, list)
    yield _case("by the root alone", one, None)
    yield _case("by the root and another", _signed("stranger", "root"), None)
    yield _case("by a stranger", _signed("stranger"), "untrusted_key")
    yield _case("by the second root, which is not pinned", _signed("second root"), "untrusted_key")
    yield _case("for the demo", _signed("root", network=DEMO), "wrong_network")
    yield _case("by nobody", codec.encode([]), "malformed")
    yield _case("by five", _signed("root", *"abcd"), "malformed")
    yield _case("two lists in one", codec.encode([part[0], another[0]]), "malformed")
    yield _case(
        "the message, not in an array", seal(trust_list(), key("root"), NETWORK).data, "malformed"
    )
    certificate = seal(purse_certificate(), key("root"), NETWORK).data
    yield _case("another message by the root", codec.encode([certificate]), "malformed")


def _succession() -> Iterator[dict[str, object]]:
    """Lists for a terminal that holds `trust_list`, of version 1, by root and second root."""
    new = "root, third root"
    yield _case("by a root that stays", _signed("root", version=2, listed=new), None)
    yield _case(
        "by an old root and a new one",
        _signed("second root", "third root", version=2, listed="third root"),
        None,
    )
    yield _case("versions may be left out", _signed("root", version=9), None)
    yield _case(
        "an old root has signed",
        _signed("third root", version=2, listed="third root"),
        "untrusted_key",
    )
    yield _case(
        "a new root has signed",
        _signed("root", "second root", version=2, listed="third root"),
        "untrusted_key",
    )
    yield _case("the version rises", _signed("root", version=1), "stale_version")
    yield _case("the version does not fall", _signed("root", version=0), "stale_version")
    yield _case("the network stays", _signed("root", version=2, network=DEMO), "wrong_network")
    yield _case("no new list without roots", _rootless(), "untrusted_key")


def _rootless() -> bytes:
    listing = replace(trust_list(2), roots=())
    return seal_trust_list(listing, [key("root")], NETWORK)


def _certificate(signer: str = "purse authority", network: str = NETWORK) -> bytes:
    return seal(purse_certificate(), key(signer), network).data


def _purses() -> Iterator[dict[str, object]]:
    """Purse certificates, as a terminal with `trust_list` sees them at `now_s`."""
    right = _certificate()
    ends_s = purse_certificate().not_after_s
    by = (
        ("by the purse authority", right, None),
        ("not by the terminal authority", _certificate("terminal authority"), "untrusted_key"),
        ("not by a root", _certificate("root"), "untrusted_key"),
        ("not by a stranger", _certificate("stranger"), "untrusted_key"),
        ("not for the demo", _certificate(network=DEMO), "wrong_network"),
        ("a purse's, not a terminal's", _terminal("purse authority"), "malformed"),
        ("as it was signed", right.replace(b"purse-01", b"purse-02"), "bad_signature"),
    )
    for rule, data, error in by:
        yield _case(rule, data, error, now_s=NOW_S)
    yield _case("to its last second", right, None, now_s=ends_s)
    yield _case("not after it", right, "expired", now_s=ends_s + 1)
    first_s, last_s = authority(Purpose.PURSE).not_before_s, authority(Purpose.PURSE).not_after_s
    yield _case("from the authority's first second", right, None, now_s=first_s)
    yield _case("not before it", right, "expired", now_s=first_s - 1)
    yield _case("not after the authority's last", right, "expired", now_s=last_s + 1)


def _terminal(signer: str = "terminal authority") -> bytes:
    return seal(terminal_certificate(), key(signer), NETWORK).data


def _terminals() -> Iterator[dict[str, object]]:
    """Terminal certificates, as a wallet with `trust_list` sees them at `now_s`."""
    right, certificate = _terminal(), terminal_certificate()
    yield _case("by the terminal authority", right, None, now_s=NOW_S)
    yield _case(
        "not by the purse authority", _terminal("purse authority"), "untrusted_key", now_s=NOW_S
    )
    yield _case(
        "a terminal's, not a purse's", _certificate("terminal authority"), "malformed", now_s=NOW_S
    )
    yield _case("from its first second", right, None, now_s=certificate.not_before_s)
    yield _case("to its last second", right, None, now_s=certificate.not_after_s)
    yield _case("not after it", right, "expired", now_s=certificate.not_after_s + 1)
    yield _case("not before it", right, "expired", now_s=certificate.not_before_s - 1)
