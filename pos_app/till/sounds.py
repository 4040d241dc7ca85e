"""What is heard when the till goes from one state to the next: a cue, and a sentence. Pure.

YES is heard when the till comes to `Approved` of the sale at hand and at no other time:
`PaymentStored` alone leads there, which comes after the durable commit. A sentence holds an amount
and a result, and nothing of the purse: the whole shop hears it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pos_app.till.amount_words import in_words
from pos_app.till.move import hash_of
from pos_app.till.reasons import TRY_AGAIN, reason_of
from pos_app.till.states import (
    Approved,
    Browsing,
    HoldingAgain,
    NotKept,
    Opening,
    Paying,
    Phase,
    Problem,
    Refused,
    Selling,
    ShowingReceipt,
    Till,
)
from pos_app.till.texts import texts_of
from pos_app.till.words import Language, Moved, Texts


class Cue(Enum):
    """The three tones; the value is what they are called on a command line."""

    YES = "yes"
    NO = "no"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Sound:
    """What is heard at once: a tone, a sentence, or both one after the other."""

    language: Language
    cue: Cue | None = None
    sentence: str | None = None


def heard(before: Till, after: Till) -> Sound | None:
    """Return what is heard of a step, None for silence."""
    if after.fault_in_sight is not None:
        # Whoever stands there is to look at the screen, once.
        return Sound(after.language, Cue.NO) if before.fault_in_sight is None else None
    return None if before.phase == after.phase else _arrived(before.phase, after)


def sentence_of(cue: Cue, language: Language, amount_won: int) -> str:
    """Return what is said with a cue, for whoever wants to hear it without a sale."""
    texts = texts_of(language)
    match cue:
        case Cue.YES:
            return _said(texts, texts.say_paid, amount_won)
        case Cue.NO:
            return texts.say_not_paid
        case Cue.AGAIN:
            return texts.say_hold_again


def _arrived(before: Phase, till: Till) -> Sound | None:
    """Return what is heard on coming to a phase from another."""
    texts = texts_of(till.language)
    match till.phase:
        case Approved() | Refused() as news:
            return None if _is_on(before, news) else _result(news, texts)
        case Paying(request, None) if isinstance(before, Opening):
            return Sound(texts.language, None, _said(texts, texts.say_to_pay, request.amount_won))
        case HoldingAgain(problem=None):
            return Sound(texts.language, Cue.AGAIN, texts.say_hold_again)
        case NotKept() if not isinstance(before, NotKept):
            return Sound(texts.language, Cue.NO)
        case Paying(problem=Problem() as problem) | HoldingAgain(problem=Problem() as problem):
            return _not_this(problem, texts)
        case Selling(problem=Problem() as problem) if not _is_known(before, problem):
            return Sound(texts.language, Cue.NO)
        case _:
            return None


def _is_on(before: Phase, news: Approved | Refused) -> bool:
    """Whether the same news was on already, perhaps under what somebody looked at."""
    on = before.behind if isinstance(before, Browsing | ShowingReceipt) else before
    return (
        isinstance(on, Approved | Refused)
        and type(on) is type(news)
        and hash_of(on) == hash_of(news)
    )


def _is_known(before: Phase, problem: Problem) -> bool:
    """Whether the keypad said so already, before somebody typed on."""
    return isinstance(before, Selling) and before.problem == problem


def _result(news: Approved | Refused, texts: Texts) -> Sound | None:
    if isinstance(news, Approved):
        if news.is_earlier:
            # A yes would be taken for the customer's who stands there.
            return None
        paid = _said(texts, texts.say_paid, news.stored.amount_won)
        return Sound(texts.language, Cue.YES, paid)
    return Sound(texts.language, Cue.NO, _bad_news(news.problem, texts))


def _not_this(problem: Problem, texts: Texts) -> Sound:
    """Return what is heard of a card or code that was refused while the request stays open."""
    if _moved(problem, texts) is not Moved.NO:
        return Sound(texts.language, Cue.NO, texts.say_unsure)
    if reason_of(problem.code) in TRY_AGAIN:
        return Sound(texts.language, Cue.AGAIN, texts.say_try_again)
    return Sound(texts.language, Cue.NO, texts.say_not_this_way)


def _bad_news(problem: Problem, texts: Texts) -> str:
    return texts.say_not_paid if _moved(problem, texts) is Moved.NO else texts.say_unsure


def _moved(problem: Problem, texts: Texts) -> Moved:
    return texts.news(problem.code, problem.moved).moved


def _said(texts: Texts, sentence: str, won: int) -> str:
    words = texts.won_in_words.format(amount=in_words(won, texts.language))
    return sentence.format(amount=words)
