"""What the shopkeeper sees of a slip: the print key, and how far it has come, in words. Pure."""

from __future__ import annotations

from typing import Final

from pos_app.till.office_views import SlipView
from pos_app.till.printing import (
    ENDED,
    DaySlip,
    DrawerSlip,
    LookSlip,
    SlipRule,
    SlipState,
    SlipSubject,
    Stage,
    TrialSlip,
)
from pos_app.till.slips import slip_of
from pos_app.till.states import Till
from pos_app.till.words import Texts

# After these the next one printed is a copy; of a mere look none is.
_COPIED: Final = frozenset({Stage.PRINTED, Stage.DOUBTFUL})
_PICTURES: Final = {
    Stage.UNDER_WAY: "printer",
    Stage.STALLED: "printer",
    Stage.PRINTED: "check",
    Stage.DOUBTFUL: "question",
    Stage.FAILED: "cross",
}


def slip_view(till: Till, subject: SlipSubject | None, texts: Texts) -> SlipView | None:
    """Return the print key for what is in sight; None where there is no printer."""
    if till.slip_rule is SlipRule.NEVER:
        return None
    state = slip_of(till, subject)
    if state is None:
        return SlipView(_first(subject, texts), subject is not None)
    return SlipView(
        _key(state, texts),
        state.stage in ENDED,
        said_of(state, texts),
        _PICTURES[state.stage],
        state.stage not in (Stage.UNDER_WAY, Stage.PRINTED),
    )


def said_of(state: SlipState, texts: Texts) -> str:
    """Return how far a slip has come, in words."""
    match state.stage:
        case Stage.UNDER_WAY:
            return texts.slip_under_way
        case Stage.PRINTED:
            return _printed(state, texts)
        case Stage.DOUBTFUL:
            return texts.slip_doubtful
        case Stage.STALLED | Stage.FAILED:
            news = texts.news(state.code or "error")
            return f"{news.what} {news.next_step}"


def _printed(state: SlipState, texts: Texts) -> str:
    if not state.is_sure:
        return texts.slip_sent
    return texts.slip_copied if state.is_copy else texts.slip_printed


def _key(state: SlipState, texts: Texts) -> str:
    if state.stage is Stage.FAILED:
        return texts.print_again
    is_look = isinstance(state.subject, LookSlip | TrialSlip | DrawerSlip)
    if state.stage in _COPIED and not is_look:
        return texts.print_copy
    return _first(state.subject, texts)


def _first(subject: SlipSubject | None, texts: Texts) -> str:
    """Return what the key is called that prints something for the first time."""
    return texts.print_report if isinstance(subject, DaySlip | LookSlip) else texts.print_slip
