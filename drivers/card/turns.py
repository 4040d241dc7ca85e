"""Whose card is being served, among readers that have a thread each. Knows no library and no purse.

One card at a time, wherever it is held; a reader that hangs is left out until it is well again, so
that it holds up no other one.
"""

from __future__ import annotations

from threading import Condition


class Turns:
    """The readers of one till. All of it is for any thread, and waits no longer than it says."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._seats: tuple[Seat, ...] = ()
        self._served: Seat | None = None

    def seat(self, reader: str) -> Seat:
        """Return a place among the others for the reader of this name."""
        seat = Seat(self, reader)
        with self._changed:
            self._seats = (*self._seats, seat)
        return seat

    def others_than(self, seat: Seat) -> tuple[str, ...]:
        """Return the names of the other readers, without those that hang."""
        return tuple(
            each.reader for each in self._seats if each is not seat and not each.is_hanging
        )

    def take(self, seat: Seat, timeout_s: float) -> bool:
        """Return whether this reader's card may be served from now on, until it is given back.

        While another's is being served this waits for up to `timeout_s` and returns False even if
        that one is done meanwhile: who waited first hears what it was told in the meantime.
        """
        with self._changed:
            is_free = self._served in (None, seat) and not seat.has_left
            if is_free:
                self._served = seat
            else:
                self._changed.wait(timeout_s)
            return is_free

    def give_back(self, seat: Seat) -> None:
        """Let the next one have its turn; without effect if it is another's already."""
        with self._changed:
            if self._served is seat:
                self._served = None
                self._changed.notify_all()

    def leave(self, seat: Seat) -> None:
        """Forget a reader that has gone."""
        with self._changed:
            self._seats = tuple(each for each in self._seats if each is not seat)
        self.give_back(seat)


class Seat:
    """One reader's place among the others; made by `Turns.seat`."""

    def __init__(self, turns: Turns, reader: str) -> None:
        self.reader = reader
        self.is_hanging = False
        self.has_left = False
        self._turns = turns

    def others(self) -> tuple[str, ...]:
        """Return the names of the other readers, without those that hang."""
        return self._turns.others_than(self)

    def take(self, timeout_s: float) -> bool:
        """As `Turns.take`."""
        return self._turns.take(self, timeout_s)

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
