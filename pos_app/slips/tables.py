"""Which table speaks which language on slips."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pos_app.slips.english import ENGLISH
from pos_app.slips.korean import KOREAN
from pos_app.slips.words import SlipWords
from pos_app.till.words import Language

SLIP_TABLES: Final[Mapping[Language, SlipWords]] = MappingProxyType(
    {table.texts.language: table for table in (KOREAN, ENGLISH)}
)


def words_of(language: Language) -> SlipWords:
    """Return the table of a language."""
    return SLIP_TABLES[language]
