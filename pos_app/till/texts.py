"""Which table speaks which language. Knows no screen and no state."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pos_app.till.english import ENGLISH
from pos_app.till.korean import KOREAN
from pos_app.till.words import Language, Texts

TABLES: Final[Mapping[Language, Texts]] = MappingProxyType(
    {table.language: table for table in (KOREAN, ENGLISH)}
)


def texts_of(language: Language) -> Texts:
    """Return the table of a language."""
    return TABLES[language]


def demo_mark() -> str:
    """Return what marks all that a demo hands out: a line in each language."""
    return "\n".join(f"{each.demo} · {each.not_a_receipt}" for each in TABLES.values())


def next_language(language: Language) -> Language:
    """Return the language that the language key switches to."""
    order = list(Language)
    return order[(order.index(language) + 1) % len(order)]
