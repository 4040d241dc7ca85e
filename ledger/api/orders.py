"""Orders by people: obeyed by a desk, which notes them; noted here if they are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ledger.api.access import Person
from ledger.errors import Refusal
from ledger.service import Ledger

T = TypeVar("T")


def obey(asking: Person, action: str, subject: str, order: Callable[[Ledger], T]) -> T:
    """Return what the order returns; `action` and `subject` as its desk would note them."""
    try:
        return order(asking.ledger)
    except Refusal as exc:
        asking.ledger.trail.refused(action, subject, exc)
        raise


def octets(text: str) -> bytes:
    """Return the bytes of an id or key whose form has been checked."""
    return bytes.fromhex(text)
