"""The screens of the customer's display: each draws one kind of view. Their look is in kv."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from kivy.properties import ObjectProperty
from kivy.uix.boxlayout import BoxLayout

from pos_app.till.display_views import (
    DisplayApproved,
    DisplayClosed,
    DisplayHold,
    DisplayHoldAgain,
    DisplayIdle,
    DisplayNews,
    DisplayPay,
    DisplayRefused,
    DisplayView,
)
from pos_app.till.words import Texts


class DisplayScreen(BoxLayout):
    """A whole window for one kind of view; its kv rule reads `root.view` and nothing else."""

    view = ObjectProperty(None, rebind=True)

    def __init__(self, view: DisplayView, **properties: Any) -> None:
        super().__init__(view=view, **properties)

    def render(self, view: DisplayView) -> None:
        """Show another view of the same kind."""
        self.view = view


class IdleDisplay(DisplayScreen):
    """Draws a DisplayIdle."""


class ClosedDisplay(DisplayScreen):
    """Draws a DisplayClosed."""

    def title(self, view: DisplayClosed, texts: Texts) -> str:
        """Return what the till is doing instead of selling."""
        return texts.display_starting if view.is_starting else texts.display_closed


class PayDisplay(DisplayScreen):
    """Draws a DisplayPay."""

    def notice_text(self, notice: DisplayNews | None) -> str:
        """Return what was refused while the request stays open."""
        return "" if notice is None else f"{notice.what} {notice.money}\n{notice.next_step}"


class HoldDisplay(DisplayScreen):
    """Draws a DisplayHold."""

    def title(self, view: DisplayHold, texts: Texts) -> str:
        """Return what the payer is to do meanwhile."""
        return texts.hold_title if view.is_card else texts.checking_title


class HoldAgainDisplay(DisplayScreen):
    """Draws a DisplayHoldAgain."""

    def below(self, view: DisplayHoldAgain) -> str:
        """Return what was wrong with the last card, or else why it is asked for again."""
        if view.notice is None:
            return view.head.texts.display_hold_again_why
        return f"{view.notice.what} {view.notice.next_step}"


class ApprovedDisplay(DisplayScreen):
    """Draws a DisplayApproved."""

    def kept(self, view: DisplayApproved, texts: Texts) -> str:
        """Return how the payment stands."""
        return texts.display_settled if view.is_settled else texts.display_kept


class RefusedDisplay(DisplayScreen):
    """Draws a DisplayRefused."""

    def title(self, view: DisplayRefused, texts: Texts) -> str:
        """Return the headline: not paid, or not known whether."""
        return texts.not_paid if view.is_sure else texts.unsure_paid


SCREENS: Final[Mapping[type[DisplayView], tuple[type[DisplayScreen], str]]] = MappingProxyType(
    {
        DisplayIdle: (IdleDisplay, "idle.kv"),
        DisplayClosed: (ClosedDisplay, "idle.kv"),
        DisplayPay: (PayDisplay, "pay.kv"),
        DisplayHold: (HoldDisplay, "hold.kv"),
        DisplayHoldAgain: (HoldAgainDisplay, "hold.kv"),
        DisplayApproved: (ApprovedDisplay, "result.kv"),
        DisplayRefused: (RefusedDisplay, "result.kv"),
    }
)
