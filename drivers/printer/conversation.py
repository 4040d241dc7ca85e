"""What is said to one printer while its line is open: how are you, print this, are you done.

Never says anything twice, and knows no job.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from drivers.errors import PrinterError, PrinterOffline, PrintUnconfirmed
from drivers.printer import commands
from drivers.printer.bitmap import Bitmap
from drivers.printer.printer_port import PrinterPort
from drivers.printer.profiles import Answers, PrinterProfile
from drivers.printer.slip import Paper
from drivers.printer.status import (
    PrinterState,
    Question,
    is_answer,
    is_done,
    state_of,
    trouble_of,
)

# A printer answers DLE EOT within milliseconds; over a print server in a network it takes longer.
# One that never answers costs this much for each slip.
_ANSWER_TIMEOUT_S: Final = 1.0
# Five slips' time: a printer that is at work answers when it is done.
_DONE_TIMEOUT_S: Final = 10.0
# After one was cut off: what is left of a slip, and the cut, take two seconds.
_SETTLE_TIMEOUT_S: Final = 4.0
_QUIET_S: Final = 1.5
# While it is awaited it is asked again whether its paper has come to an end.
_DONE_LOOK_S: Final = 1.0
# Answers are single bytes: of a printer that chatters only the latest are kept.
_HEARD_MAX: Final = 256
# What ends a slip that was cut off has 3.5 kB: 3.6 s at 9,600 baud.
_LEFTOVER_TIMEOUT_S: Final = 5.0
# How long a line may need for what is still in the kernel: a receipt at 9,600 baud.
_DRAIN_TIMEOUT_S: Final = 90.0


class Conversation:
    """One printer, spoken to by its thread alone."""

    def __init__(
        self,
        port: PrinterPort,
        profile: PrinterProfile,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._port = port
        self._profile = profile
        self._clock = clock
        # Beyond one opening: a printer that has once answered can, so its silence means something.
        self._can_answer = profile.answers is Answers.ALWAYS
        # Whether it says when it is done; None until it was tried.
        self._confirms: bool | None = None
        self._is_mute = False
        # What ends a slip that was cut off. Another program, or we before a crash, may have left
        # a picture half sent.
        self._leftover = commands.rest_of_a_band()
        self._heard = bytearray()

    @property
    def name(self) -> str:
        return self._port.name

    @property
    def is_shared(self) -> bool:
        return self._port.is_shared

    def dots(self, paper: Paper) -> int:
        """How many dots a line has on this paper."""
        return self._profile.dots(paper)

    def open(self) -> None:
        """Open the line, and end what an earlier slip left in the printer.

        Raises a DeviceUnavailable, or a PrinterError if it is not well.
        """
        self._heard.clear()
        self._port.open()
        is_interrupted = bool(self._leftover)
        if self._leftover and self._port.can_answer:
            # Before any question: a picture that was cut off would take that for its size.
            self._port.send(self._leftover)
            if not self._port.is_shared:
                # Nor may its answer be waited for while the question is still on its way.
                self._port.drain(_LEFTOVER_TIMEOUT_S)
        self._is_mute = self._profile.answers is Answers.NEVER or not self._port.can_answer
        if not self._is_mute:
            self._greet(is_interrupted=is_interrupted)
        if self._is_mute:
            self._leftover = b""

    def close(self) -> None:
        """Let go of the line; safe to call twice."""
        self._port.close()

    def look(self) -> PrinterState | None:
        """Return how the printer is, None if it cannot say; raises a PrinterError if not well."""
        if self._is_mute:
            return None
        answers = self._asked()
        if not answers:
            raise PrinterOffline(self.name, "it does not answer")
        if (trouble := self._trouble(answers)) is not None:
            raise trouble
        return state_of(answers)

    def kick_drawer(self) -> None:
        """Open the cash drawer."""
        self._port.send(commands.kick(self._profile))

    def print(self, bitmap: Bitmap, is_stopping: Callable[[], bool]) -> None:
        """Send a slip, and cut it off; raises a DeviceUnavailable somewhere in its middle."""
        self._leftover = commands.rest_of_a_band() + commands.reset() + commands.cut(self._profile)
        self._port.send(commands.reset())
        for band in commands.picture(bitmap):
            # A sign of life; what is begun is sent to its end, for which a slow line may take long.
            is_stopping()
            self._port.send(band)
        self._port.send(commands.cut(self._profile))

    def finish(self, is_stopping: Callable[[], bool]) -> bool:
        """Return True once the printer has said that all is printed, False if it cannot say.

        Raises a PrinterError if it has come to a halt, a DeviceUnavailable if the line broke, and
        PrintUnconfirmed if it says nothing.
        """
        can_confirm = bool(self._confirms) and not self._is_mute
        if can_confirm:
            if not self._port.is_shared:
                # Asked behind all that a slow line has still to send, it would seem to be silent.
                self._drain(is_stopping)
            self._await_done(is_stopping)
        else:
            self._send_off(is_stopping)
        self._leftover = b""
        return can_confirm

    def _greet(self, *, is_interrupted: bool) -> None:
        answers = self._asked()
        if answers:
            # It has come that far: once is enough, a printer without paper would keep them all.
            self._leftover = b""
        if answers and self._trouble(answers) is not None:
            # Whatever it is sent now it would keep until it is well, at each attempt more of it.
            return
        self._is_mute = not answers and not self._can_answer
        self._port.send(commands.reset())
        if answers and self._confirms is None:
            self._port.send(commands.are_you_done())
            self._confirms = self._heard_within(_ANSWER_TIMEOUT_S, is_done) is not None
        elif answers and self._confirms and is_interrupted:
            self._settle()

    def _settle(self) -> None:
        """Wait until a slip that was cut off has been worked through, and hear what it had to say.

        It may have been asked whether it is done before the line broke: an answer that comes now
        must not be taken for the next slip's.
        """
        self._port.send(commands.are_you_done())
        if self._heard_within(_SETTLE_TIMEOUT_S, is_done) is not None:
            while self._heard_within(_QUIET_S, is_done) is not None:
                pass

    def _send_off(self, is_stopping: Callable[[], bool]) -> None:
        # Draining ends a line that is shared: the last look comes before.
        if self._port.is_shared:
            self.look()
        self._drain(is_stopping)
        if not self._port.is_shared:
            self.look()

    def _drain(self, is_stopping: Callable[[], bool]) -> None:
        ends_s = self._clock() + _DRAIN_TIMEOUT_S
        while not self._port.drain(_DONE_LOOK_S):
            if is_stopping() or self._clock() > ends_s:
                raise PrintUnconfirmed(self.name, "it does not read")

    def _trouble(self, answers: dict[Question, int]) -> PrinterError | None:
        return trouble_of(self.name, state_of(answers))

    def _asked(self) -> dict[Question, int]:
        """Return what the printer answers; nothing more is asked if the first has no answer."""
        # What a picture happened to ask for: some printers look for questions in it, too.
        self._hear_all()
        self._heard = bytearray(byte for byte in self._heard if is_done(byte))
        answers: dict[Question, int] = {}
        for question in Question:
            # One at a time: some lose the second question while they answer the first.
            self._port.send(commands.question(question))
            answer = self._heard_within(_ANSWER_TIMEOUT_S, is_answer)
            if answer is None:
                return answers
            answers[question] = answer
            self._can_answer = True
        return answers

    def _await_done(self, is_stopping: Callable[[], bool]) -> None:
        ends_s = self._clock() + _DONE_TIMEOUT_S
        self._hear_all()
        self._heard.clear()
        self._port.send(commands.are_you_done())
        while self._heard_within(_DONE_LOOK_S, is_done) is None:
            # Out of paper in the middle of a slip: asked now, a printer still answers that.
            self.look()
            if self._clock() > ends_s or is_stopping():
                raise PrintUnconfirmed(self.name, "it does not say that it is done")

    def _hear_all(self) -> None:
        """Take what is there already; of a printer that chatters without end, enough."""
        for _ in range(_HEARD_MAX):
            heard = self._port.receive(0)
            if not heard:
                break
            self._heard += heard

    def _heard_within(self, timeout_s: float, is_wanted: Callable[[int], bool]) -> int | None:
        """Return the first byte that is wanted, None after `timeout_s`; others are kept."""
        ends_s = self._clock() + timeout_s
        while True:
            for at, byte in enumerate(self._heard):
                if is_wanted(byte):
                    del self._heard[at]
                    return byte
            left_s = ends_s - self._clock()
            if left_s <= 0:
                return None
            self._heard += self._port.receive(left_s)
            del self._heard[:-_HEARD_MAX]
