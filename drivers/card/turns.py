"""Whose card is being served, among readers that have a thread each. Knows no library and no purse.

One card at a time, wherever it is held; a reader that hangs is left out until it is well again, so
that it holds up no other one. One that is slow to meet its card, of which nobody knows yet, is
overtaken sooner.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Condition
from typing import Final

# How long a reader may need to meet its card while another one waits: most take a tenth of it.
MEET_S: Final = 2.0


class Turns:
    """The readers of one till. All of it is for any thread, and waits no longer than it says.

    `clock` returns monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._changed = Condition()
        self._clock = clock
        self._seats: tuple[Seat, ...] = ()
        # Whose card is being served since when, and whether it is known to the till.
        self._served: Seat | None = None
        self._since_s = 0.0
        self._is_met = False

    def seat(self, reader: str) -> Seat:
        """Return a place among the others for the reader of this name."""
        seat = Seat(self, reader)
        with self._changed:
            self._seats = (*self._seats, seat)
        return seat

    def others_than(self, seat: Seat) -> tuple[str, ...]:
        """Return the names of the other readers, without those that hang or are overtaken."""
        return tuple(each.reader for each in self._seats if each is not seat and not each.is_out)

    def take(self, seat: Seat, timeout_s: float) -> bool:
        """Return whether this reader's card may be served from now on, until it is given back.

        While another's is being served this waits for up to `timeout_s` and returns False even if
        that one is done meanwhile: who waited first hears what it was told in the meantime.
        """
        with self._changed:
            seat.is_overtaken = False
            if seat.has_left or not self._may_serve(seat):
                self._changed.wait(timeout_s)
                return False
            if self._served is not seat:
                self._served, self._since_s, self._is_met = seat, self._clock(), False
            return True

    def keep(self, seat: Seat) -> bool:
        """Return whether the card that this reader has met may be served to the end."""
        with self._changed:
            is_kept = self.take(seat, 0)
            self._is_met |= is_kept
            return is_kept

    def give_back(self, seat: Seat) -> None:
        """Let the next one have its turn; without effect if it is another's already."""
        with self._changed:
            seat.is_overtaken = False
            if self._served is seat:
                self._served = None
                self._changed.notify_all()

    def leave(self, seat: Seat) -> None:
        """Forget a reader that has gone."""
        with self._changed:
            self._seats = tuple(each for each in self._seats if each is not seat)
        self.give_back(seat)

    def _may_serve(self, seat: Seat) -> bool:
        served = self._served
        if served is None or served is seat:
            return True
        # Nothing is known of its card yet, so nobody waits for it.
        served.is_overtaken = not self._is_met and self._clock() - self._since_s >= MEET_S
        return served.is_overtaken


class Seat:
    """One reader's place among the others; made by `Turns.seat`."""

    def __init__(self, turns: Turns, reader: str) -> None:
        self.reader = reader
        self.is_hanging = False
        self.is_overtaken = False
        self.has_left = False
        self._turns = turns

    @property
    def is_out(self) -> bool:
        """Whether its worker has not come back in time from a call."""
        return self.is_hanging or self.is_overtaken

    def others(self) -> tuple[str, ...]:
        """As `Turns.others_than`."""
        return self._turns.others_than(self)

    def take(self, timeout_s: float) -> bool:
        """As `Turns.take`."""
        return self._turns.take(self, timeout_s)

    def keep(self) -> bool:
        """As `Turns.keep`."""
        return self._turns.keep(self)

    def give_back(self) -> None:
        """As `Turns.give_back`."""
        self._turns.give_back(self)

    def pass_over(self) -> None:
        """Let the others go on: this reader hangs."""
        self.is_hanging = True
        self.give_back()

    def readmit(self) -> None:
        """Count this reader in again: it does not hang any more."""
        self.is_hanging = False

    def leave(self) -> None:
        """Give up the place: the reader has gone."""
        self.has_left = True
        self._turns.leave(self)
