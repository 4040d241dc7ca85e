"""The denylist: steps from version to version, the hash that each arrives at, and false steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from kscoin.messages import DenylistUpdate
from kscoin.policy import Denylist, list_hash
from kscoin.signed import seal
from tests.kscoin.parties import NETWORK, NOW_S, key

# (from, to, added, removed, epochs at the end)
_STEPS: Final = (
    (0, 1, ("purse-05", "purse-02"), (), ()),
    (1, 4, ("purse-09", "purse-02"), (), (7, 3)),
    (4, 5, (), ("purse-05", "purse-77"), (7,)),
    (0, 9, ("purse-01",), (), ()),
    (9, 10, (), (), (2**63 - 1,)),
)


def denylist_vectors() -> dict[str, object]:
    """Return the vectors of `kscoin.policy`."""
    return {
        "about": "The denylist, KSP/1 section 8: signed steps, one after another from nothing.",
        "network": NETWORK,
        "key": key("policy authority").public_key.compressed.hex(),
        "empty_hash": Denylist().hash().hex(),
        "steps": [*_steps()],
        "after": 1,
        "refused": [*_refused()],
    }


def _steps() -> Iterator[dict[str, object]]:
    now = Denylist()
    for step in _STEPS:
        update = _update(now, *step)
        now = now.updated(update)
        yield {
            "update": _signed(update),
            "version": now.version,
            "ids": now.ids.hex(),
            "epochs": sorted(now.epochs),
            "hash": now.hash().hex(),
        }


def _update(
    now: Denylist,
    start: int,
    end: int,
    added: tuple[str, ...],
    removed: tuple[str, ...],
    epochs: tuple[int, ...],
) -> DenylistUpdate:
    """Return the step as a ledger makes it: from a plain set of names."""
    before = {now.ids[at : at + 8] for at in range(0, len(now.ids), 8)} if start else set()
    plus, minus = ([name.encode() for name in names] for names in (added, removed))
    after = b"".join(sorted((before | {*plus}) - {*minus}))
    return DenylistUpdate(
        start, end, (*plus,), (*minus,), epochs, NOW_S, list_hash(after, set(epochs))
    )


def _refused() -> Iterator[dict[str, object]]:
    """False steps for a terminal that has taken the first of the steps above."""
    first = Denylist().updated(_update(Denylist(), *_STEPS[0]))
    right = _update(first, *_STEPS[1])
    changes: tuple[tuple[str, dict[str, Any], str], ...] = (
        ("a step starts where we are", {"from_version": 2}, "stale_version"),
        ("a step rises", {"to_version": 1}, "stale_version"),
        ("a step from nothing rises too", {"from_version": 0, "to_version": 1}, "stale_version"),
        ("a step arrives where it says", {"list_hash": bytes(32)}, "malformed"),
        ("a step adds all that it says", {"added": ()}, "malformed"),
        ("a step takes away what it says", {"removed": (b"purse-05",)}, "malformed"),
        ("a step ends with the epochs that it says", {"epochs": (7,)}, "malformed"),
        ("from nothing is from nothing", {"from_version": 0}, "malformed"),
    )
    for rule, change, error in changes:
        yield {"rule": rule, "update": _signed(replace(right, **change)), "error": error}


def _signed(update: DenylistUpdate) -> str:
    return seal(update, key("policy authority"), NETWORK).data.hex()
