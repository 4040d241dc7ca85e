"""One command and the whole of its answer, however card and reader divide it (ISO 7816-4).

Knows APDUs, and no purse. Once a card has begun to answer, all that is not its whole answer is
CardGarbled and never a refusal: a card that has signed a debit and then loses its words has paid.
"""

from __future__ import annotations

from typing import Final

from drivers.card.apdu import (
    MORE_WAITS,
    OTHER_LENGTH,
    Answer,
    Command,
    Instruction,
    Status,
    Transmission,
)
from drivers.card.reader import CardConnection
from drivers.errors import CardGarbled
from kscoin.codec import MAX_MESSAGE_BYTES

# The longest answer is a state: a certificate may be as long as any message (KSP/1 section 2), and
# what stands before it has 45 bytes. A card that goes on for ever is stopped here.
ANSWER_BYTES_MAX: Final = MAX_MESSAGE_BYTES + 45
_GET_RESPONSE: Final = Command(Instruction.GET_RESPONSE)


def exchange(connection: CardConnection, command: Command) -> Answer:
    """Return the card's answer, with GET RESPONSE as often as it has more to say.

    Raises what `transmit` raises, and CardGarbled for what makes no whole answer.
    """
    *before, last = _apdus(connection, command)
    for apdu in before:
        answer = _transmitted(connection, apdu)
        if answer != Answer(b"", Status.OK):
            return answer
    answer = _transmitted(connection, last)
    if answer.status >> 8 == OTHER_LENGTH and not command.data and not answer.data:
        # It has done nothing yet, and tells how much it would say.
        answer = _transmitted(connection, command.of_length(answer.status & 0xFF))
        _check_goes_on(connection, answer)
    return _whole(connection, answer)


def _whole(connection: CardConnection, answer: Answer) -> Answer:
    data = answer.data
    while answer.status >> 8 == MORE_WAITS:
        answer = _fetched(connection, answer.status & 0xFF)
        _check_goes_on(connection, answer)
        data += answer.data
        if not answer.data or len(data) > ANSWER_BYTES_MAX:
            raise CardGarbled(connection.reader_name, f"an answer of {len(data)} bytes and more")
    return Answer(data, answer.status)


def _fetched(connection: CardConnection, length: int) -> Answer:
    """Return what waits, of which the card has said how much (0: 256 bytes or more)."""
    answer = _transmitted(connection, _GET_RESPONSE.of_length(length))
    if answer.status >> 8 == OTHER_LENGTH and not answer.data:
        answer = _transmitted(connection, _GET_RESPONSE.of_length(answer.status & 0xFF))
    return answer


def _check_goes_on(connection: CardConnection, answer: Answer) -> None:
    if not answer.is_ok and answer.status >> 8 != MORE_WAITS:
        raise CardGarbled(
            connection.reader_name,
            f"the rest of an answer is missing ({answer.status:04X})",
            status=answer.status,
        )


def _apdus(connection: CardConnection, command: Command) -> list[bytes]:
    """Return what is sent: short where it fits, else extended if that is known to be taken."""
    if command.is_short:
        return [command.encode(connection.transmission)]
    if connection.transmission is Transmission.T1 and connection.takes_extended():
        return [command.extended()]
    return command.chained(connection.transmission)


def _transmitted(connection: CardConnection, apdu: bytes) -> Answer:
    raw = connection.transmit(apdu)
    if len(raw) < 2:
        raise CardGarbled(connection.reader_name, "an answer without a status word")
    return Answer(raw[:-2], int.from_bytes(raw[-2:], "big"))
