"""The shape of every step: the till after an event, and what it wants done."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from pos_app.till.effects import Effect
from pos_app.till.office import InOffice, Reading
from pos_app.till.states import Approved, Browsing, Phase, Refused, Selling, ShowingReceipt, Till

Move: TypeAlias = tuple[Till, tuple[Effect, ...]]


def to(till: Till, phase: Phase, *effects: Effect) -> Move:
    """Return the move to another phase."""
    return replace(till, phase=phase), effects


def stay(till: Till, *effects: Effect) -> Move:
    """Return the move that changes nothing."""
    return till, effects


def rest(till: Till, amount_won: int, *effects: Effect) -> Move:
    """Return the move to the keypad, by way of the news that has been waiting to be shown."""
    if not till.late:
        selling = Selling(amount_won, problem=till.notice)
        return to(replace(till, notice=None), selling, *effects)
    return _shown(replace(till, late=till.late[1:]), till.late[0], effects)


def tell(till: Till, news: Approved | Refused, *effects: Effect) -> Move:
    """Return the move that shows news now if the screen is free for it, else after this sale."""
    match till.phase:
        case Selling():
            return _shown(till, news, effects)
        case (Approved() | Refused()) as phase if hash_of(phase) == hash_of(news):
            return _shown(till, news, effects)
        case _:
            return stay(replace(till, late=(*till.late, news)), *effects)


def put_away(till: Till) -> Till:
    """Return the till without what somebody only looks at, so that news may take its place."""
    match till.phase:
        case Browsing(behind) | ShowingReceipt(behind):
            return put_away(replace(till, phase=behind))
        case InOffice(amount_won, desk) if isinstance(desk, Reading):
            return replace(till, phase=Selling(amount_won))
        case _:
            return till


def hash_of(news: Approved | Refused) -> bytes | None:
    """Return the hash of the request that the news is about, None if there was no request."""
    return news.stored.request_hash if isinstance(news, Approved) else news.request_hash


def _shown(till: Till, news: Approved | Refused, effects: tuple[Effect, ...]) -> Move:
    if isinstance(news, Approved):
        till = replace(till, last_shown=news)
    return to(till, news, *effects)
