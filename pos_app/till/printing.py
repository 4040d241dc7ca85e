"""What can be printed, and how far a slip has come, as frozen values. Knows no printer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

# The slips whose state is remembered: those of the sales that somebody may still come back to.
REMEMBERED: Final = 8


class SlipRule(Enum):
    """When slips are printed; the values are those of the settings."""

    # There is no printer.
    NEVER = "never"
    ASK = "ask"
    # Each sale's slip by itself.
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class SaleSlip:
    """A payment's receipt."""

    request_hash: bytes


@dataclass(frozen=True, slots=True)
class GivenSlip:
    """A refund's or void's slip; `sequence` is its place in the journal."""

    request_hash: bytes
    sequence: int


@dataclass(frozen=True, slots=True)
class DaySlip:
    """A closed day's Z report."""

    number: int


@dataclass(frozen=True, slots=True)
class LookSlip:
    """The open day's X report."""


@dataclass(frozen=True, slots=True)
class TrialSlip:
    """A test slip."""


@dataclass(frozen=True, slots=True)
class DrawerSlip:
    """The note that the drawer was opened without a sale; printing it opens the drawer."""


SlipSubject: TypeAlias = SaleSlip | GivenSlip | DaySlip | LookSlip | TrialSlip | DrawerSlip


class Stage(Enum):
    """How far a slip has come."""

    UNDER_WAY = "under_way"
    # The printer is not ready; it goes on by itself when it is.
    STALLED = "stalled"
    PRINTED = "printed"
    # It may be on paper, in whole or in part.
    DOUBTFUL = "doubtful"
    # Nothing of it was printed.
    FAILED = "failed"


# From here on nothing more happens to a slip by itself.
ENDED: Final = frozenset({Stage.PRINTED, Stage.DOUBTFUL, Stage.FAILED})


@dataclass(frozen=True, slots=True)
class SlipState:
    """One slip; `code` is why it is stalled, doubtful or failed.

    `is_sure`: the printer has said that it is on paper; some cannot say.
    """

    subject: SlipSubject
    stage: Stage
    code: str | None = None
    is_copy: bool = False
    is_sure: bool = True
