"""What goes over the pipe to the display and back, a line of JSON each. Knows no pipe.

To the display: a number, a view, and perhaps where to leave a picture of it. Back: the number, once
the view has been drawn. Both ends read strictly, and no line is longer than `LINE_MAX_BYTES`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Final, get_args, get_origin, get_type_hints

from pos_app.customer_display.errors import DisplayGarbled
from pos_app.till.display_views import (
    DisplayApproved,
    DisplayClosed,
    DisplayHold,
    DisplayHoldAgain,
    DisplayIdle,
    DisplayPay,
    DisplayRefused,
    DisplayView,
)
from pos_app.till.texts import texts_of
from pos_app.till.views import Way
from pos_app.till.words import Language, Texts

NAME: Final = "customer display"
# A request's text has some 600 characters and a sentence 112; Hangul takes six bytes in JSON. A
# pipe holds four of these, so that a frame always goes in whole.
LINE_MAX_BYTES: Final = 16_384
TEXT_MAX: Final = 2_000
NUMBER_MAX: Final = 2**53

_KINDS: Final[Mapping[str, type[DisplayView]]] = MappingProxyType(
    {
        "idle": DisplayIdle,
        "closed": DisplayClosed,
        "pay": DisplayPay,
        "hold": DisplayHold,
        "hold_again": DisplayHoldAgain,
        "approved": DisplayApproved,
        "refused": DisplayRefused,
    }
)
_NAMES: Final = MappingProxyType({kind: name for name, kind in _KINDS.items()})


@dataclass(frozen=True, slots=True)
class Frame:
    """A view to be drawn; `picture` is where a PNG of it is to be left."""

    number: int
    view: DisplayView
    picture: Path | None = None

    def to_line(self) -> bytes:
        """Return the line that says it; raises DisplayGarbled if it would be too long."""
        plain = {
            "number": self.number,
            "picture": None if self.picture is None else str(self.picture),
            "kind": _NAMES[type(self.view)],
            "view": _plain(self.view),
        }
        line = json.dumps(plain, separators=(",", ":")).encode() + b"\n"
        if len(line) > LINE_MAX_BYTES:
            raise DisplayGarbled(NAME, f"a frame of {len(line):,} bytes is too long")
        return line

    @classmethod
    def from_line(cls, line: bytes) -> Frame:
        """Return the frame that a line says; raises DisplayGarbled."""
        table = _table(_json(line), {"number", "picture", "kind", "view"})
        kind, picture = table["kind"], table["picture"]
        if not isinstance(kind, str) or kind not in _KINDS:
            raise DisplayGarbled(NAME, "a view of no kind")
        path = None if picture is None else Path(_text(picture))
        return cls(_whole(table["number"]), _view(_KINDS[kind], table["view"]), path)


def drawn_line(number: int) -> bytes:
    """Return the line that says that a frame has been drawn."""
    return json.dumps({"drawn": number}).encode() + b"\n"


def drawn_number(line: bytes) -> int:
    """Return the number of the frame that was drawn; raises DisplayGarbled."""
    return _whole(_table(_json(line), {"drawn"})["drawn"])


def _json(line: bytes) -> object:
    if len(line) > LINE_MAX_BYTES:
        raise DisplayGarbled(NAME, "a line is too long")
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as exc:
        raise DisplayGarbled(NAME, "a line is no JSON") from exc


def _plain(value: Any) -> Any:
    match value:
        case Texts(language=language):
            return language.value
        case frozenset():
            return sorted(way.value for way in value)
        case _ if is_dataclass(value):
            return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
        case _:
            return value


def _view(kind: type[Any], plain: object) -> Any:
    """Return the dataclass that a table of just its fields says."""
    hints = get_type_hints(kind)
    table = _table(plain, set(hints))
    return kind(**{name: _value(hint, table[name]) for name, hint in hints.items()})


def _value(hint: Any, plain: object) -> Any:
    if isinstance(hint, UnionType):
        [inner] = (each for each in get_args(hint) if each is not NoneType)
        return None if plain is None else _value(inner, plain)
    if is_dataclass(hint) and hint is not Texts:
        return _view(hint, plain) if isinstance(hint, type) else None
    return _scalar(hint, plain)


def _scalar(hint: Any, plain: object) -> Any:
    if hint is Texts:
        return texts_of(_named(Language, plain))
    if get_origin(hint) is frozenset:
        return frozenset(_named(Way, each) for each in _short_list(plain))
    if hint is bool:
        return _flag(plain)
    return _whole(plain) if hint is int else _text(plain)


def _table(plain: object, names: set[str]) -> Mapping[str, object]:
    if not isinstance(plain, dict) or set(plain) != names:
        raise DisplayGarbled(NAME, f"not just {', '.join(sorted(names))}")
    return plain


def _named(kind: type[Any], plain: object) -> Any:
    for each in kind:
        if each.value == plain:
            return each
    raise DisplayGarbled(NAME, f"no {kind.__name__.lower()} of ours")


def _short_list(plain: object) -> list[object]:
    if not isinstance(plain, list) or len(plain) > len(Way):
        raise DisplayGarbled(NAME, "no list of ways to pay")
    return plain


def _flag(plain: object) -> bool:
    if not isinstance(plain, bool):
        raise DisplayGarbled(NAME, "neither true nor false")
    return plain


def _whole(plain: object) -> int:
    if isinstance(plain, bool) or not isinstance(plain, int) or not 0 <= plain <= NUMBER_MAX:
        raise DisplayGarbled(NAME, "no whole number")
    return plain


def _text(plain: object) -> str:
    if not isinstance(plain, str) or len(plain) > TEXT_MAX:
        raise DisplayGarbled(NAME, "no text, or too long a one")
    return plain
