"""What a printer says of itself, from its bytes: Epson's DLE EOT n and GS r n. Pure.

Each byte of DLE EOT has bits 1 and 4 set and bits 0 and 7 clear, each of GS r has bits 4 and 7
clear, so that the one is never taken for the other, nor XON or XOFF for either (Epson TM-T88III
specification, appendix on the identification of transmitted statuses; Bixolon's and Star's
ESC/POS manuals have the same bits).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from drivers.errors import (
    PrinterBroken,
    PrinterCoverOpen,
    PrinterCutterStuck,
    PrinterError,
    PrinterOffline,
    PrinterOutOfPaper,
    PrinterTooHot,
)


class Question(IntEnum):
    """The n of DLE EOT n."""

    PRINTER = 1
    OFFLINE_CAUSE = 2
    ERROR_CAUSE = 3
    PAPER = 4


_FIXED_BITS: Final = 0b1001_0011
_FIXED_VALUE: Final = 0b0001_0010
_DONE_FIXED_BITS: Final = 0b1001_0000

# Bits of the answers, in the order of the questions.
_OFFLINE: Final = 0x08
_COVER_OPEN: Final = 0x04
_STOPPED_BY_PAPER_END: Final = 0x20
_CUTTER: Final = 0x08
_UNRECOVERABLE: Final = 0x20
_RECOVERS_BY_ITSELF: Final = 0x40
_PAPER_LOW: Final = 0x0C
_PAPER_OUT: Final = 0x60


@dataclass(frozen=True, slots=True)
class PrinterState:
    """How a printer is; low paper is a warning, anything else keeps it from printing."""

    is_offline: bool = False
    is_cover_open: bool = False
    is_out_of_paper: bool = False
    is_paper_low: bool = False
    is_cutter_stuck: bool = False
    is_broken: bool = False
    is_too_hot: bool = False


def is_answer(byte: int) -> bool:
    """Whether a byte answers DLE EOT."""
    return byte & _FIXED_BITS == _FIXED_VALUE


def is_done(byte: int) -> bool:
    """Whether a byte answers GS r: what was sent before it has been worked through."""
    return byte & _DONE_FIXED_BITS == 0


def state_of(answers: Mapping[Question, int]) -> PrinterState:
    """Return what the answers say; a question that was not answered says nothing."""
    printer, cause, error, paper = (answers.get(question, 0) for question in Question)
    return PrinterState(
        is_offline=bool(printer & _OFFLINE),
        is_cover_open=bool(cause & _COVER_OPEN),
        is_out_of_paper=bool(cause & _STOPPED_BY_PAPER_END) or paper & _PAPER_OUT == _PAPER_OUT,
        is_paper_low=paper & _PAPER_LOW == _PAPER_LOW,
        is_cutter_stuck=bool(error & _CUTTER),
        is_broken=bool(error & _UNRECOVERABLE),
        is_too_hot=bool(error & _RECOVERS_BY_ITSELF),
    )


def trouble_of(printer: str, state: PrinterState) -> PrinterError | None:
    """Return what keeps a printer from printing, the cause before what follows from it."""
    # With the cover open a printer may not see its paper, and calls its head too hot.
    if state.is_cover_open:
        return PrinterCoverOpen(printer, "the cover is open")
    if state.is_out_of_paper:
        return PrinterOutOfPaper(printer, "there is no paper in it")
    if state.is_cutter_stuck:
        return PrinterCutterStuck(printer, "the cutter does not move")
    if state.is_broken:
        return PrinterBroken(printer, "it has a fault")
    if state.is_too_hot:
        return PrinterTooHot(printer, "its head is too hot")
    if state.is_offline:
        return PrinterOffline(printer, "it is not ready")
    return None
