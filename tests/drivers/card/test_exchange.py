"""One command and its whole answer: in parts, of another length, and never more than there may be.

The rule that carries money: once a DEBIT has been answered by 61xx, only 9000 says anything.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card.apdu import Answer, Command, Instruction, Transmission
from drivers.card.exchange import ANSWER_BYTES_MAX, exchange
from drivers.card.purse_card import PurseCard
from drivers.errors import CardGarbled, CardMute, CardRemoved, DebitTorn, DeviceGone, DriverError
from drivers.simulated.phone import DirectConnection
from drivers.simulated.transports import PiecewiseCard, T0Card
from tests.drivers.purses import certificate, purse, request_hash, spent_won

GET_STATE = Command(Instruction.GET_STATE)
DEBIT = Command(Instruction.DEBIT, bytes(36))
LONG = Command(Instruction.LOAD, bytes(300), has_answer=False)
HASH = request_hash(1)


class Line:
    """A connection that plays a list of (what it must be told, what it answers)."""

    reader_name = "reader"

    def __init__(
        self,
        *script: tuple[str, str | Exception],
        over: Transmission = Transmission.T1,
        extended: bool = False,
    ) -> None:
        self.transmission = over
        self.left = list(script)
        self._extended = extended

    def takes_extended(self) -> bool:
        return self._extended

    def transmit(self, apdu: bytes) -> bytes:
        expected, answer = self.left.pop(0)
        assert apdu == bytes.fromhex(expected)
        if isinstance(answer, Exception):
            raise answer
        return bytes.fromhex(answer)

    def close(self) -> None:
        pass


STATE_APDU = "80100000 00"
DEBIT_APDU = "80200000 24" + bytes(36).hex()


@pytest.mark.parametrize(
    ("command", "script", "data", "status"),
    [
        (GET_STATE, [(STATE_APDU, "0102 9000")], "0102", 0x9000),
        (GET_STATE, [(STATE_APDU, "6982")], "", 0x6982),
        (GET_STATE, [(STATE_APDU, "6103"), ("00C00000 03", "010203 9000")], "010203", 0x9000),
        (
            GET_STATE,
            [(STATE_APDU, "01 6102"), ("00C00000 02", "02 6101"), ("00C00000 01", "03 9000")],
            "010203",
            0x9000,
        ),
        # 256 bytes or more: as much as there is.
        (GET_STATE, [(STATE_APDU, "6100"), ("00C00000 00", "01 9000")], "01", 0x9000),
        # The card knows how long its answer is.
        (GET_STATE, [(STATE_APDU, "6C02"), ("80100000 02", "0102 9000")], "0102", 0x9000),
        (
            GET_STATE,
            [(STATE_APDU, "6102"), ("00C00000 02", "6C01"), ("00C00000 01", "01 9000")],
            "01",
            0x9000,
        ),
        # A command with data is not sent twice: what came of it is not known.
        (DEBIT, [(DEBIT_APDU + "00", "6C89")], "", 0x6C89),
    ],
)
def test_a_whole_answer(
    command: Command, script: list[tuple[str, str]], data: str, status: int
) -> None:
    line = Line(*script)

    assert exchange(line, command) == Answer(bytes.fromhex(data), status)
    assert line.left == []


@pytest.mark.parametrize(
    "script",
    [
        [(STATE_APDU, "")],
        [(STATE_APDU, "90")],
        [(STATE_APDU, "6102"), ("00C00000 02", "6A82")],
        [(STATE_APDU, "6102"), ("00C00000 02", "6D00")],
        [(STATE_APDU, "6102"), ("00C00000 02", "01 6985")],
        # More and more, and never a byte.
        [(STATE_APDU, "6102"), ("00C00000 02", "6102")],
        [(STATE_APDU, "6C02"), ("80100000 02", "6982")],
        [(STATE_APDU, "6C02"), ("80100000 02", "6C02")],
        [(STATE_APDU, "6102"), ("00C00000 02", "6C01"), ("00C00000 01", "6C01")],
    ],
)
def test_an_answer_that_breaks_off_makes_no_sense(script: list[tuple[str, str]]) -> None:
    line = Line(*script)

    with pytest.raises(CardGarbled):
        exchange(line, GET_STATE)
    assert line.left == []


def test_a_card_that_goes_on_for_ever_is_stopped() -> None:
    piece = bytes(255).hex() + "61FF"
    pieces = ANSWER_BYTES_MAX // 255 + 1
    line = Line((STATE_APDU, piece), *[("00C00000 FF", piece)] * pieces)

    with pytest.raises(CardGarbled):
        exchange(line, GET_STATE)
    assert len(line.left) == 1


BREAKS = [CardRemoved("reader", "left"), CardMute("reader", "?"), DeviceGone("reader", "pulled")]
REST = [*BREAKS, "6A82", "6985", "6982", "6700", "6F00", "6100", "6C02", "01 9000", "9000", ""]


@pytest.mark.parametrize("rest", REST, ids=str)
@pytest.mark.parametrize("answered", ["6189", "01 6188", "6100"])
def test_a_debit_that_began_to_be_answered_is_torn_whatever_comes_then(
    answered: str, rest: str | DriverError
) -> None:
    apdu = f"80200000 24 00000001 {HASH.hex()} 00"
    length = answered[-2:]
    line = Line((apdu, answered), (f"00C00000 {length}", rest), ("00C00000 02", "6A82"))

    with pytest.raises(DebitTorn) as raised:
        PurseCard(line).debit(1, HASH)

    assert raised.value.money_may_have_moved


@pytest.mark.parametrize(
    ("over", "extended", "script"),
    [
        (Transmission.T1, True, [("80300000 00012C" + bytes(300).hex(), "9000")]),
        (
            Transmission.T1,
            False,
            [
                ("90300000 FF" + bytes(255).hex(), "9000"),
                ("80300000 2D" + bytes(45).hex(), "9000"),
            ],
        ),
        # T=0 knows no extended APDU, whatever card and reader say.
        (
            Transmission.T0,
            True,
            [
                ("90300000 FF" + bytes(255).hex(), "9000"),
                ("80300000 2D" + bytes(45).hex(), "9000"),
            ],
        ),
    ],
)
def test_what_no_short_apdu_can_hold(
    over: Transmission, extended: bool, script: list[tuple[str, str]]
) -> None:
    line = Line(*script, over=over, extended=extended)

    assert exchange(line, LONG).is_ok
    assert line.left == []


def test_a_chain_that_a_card_does_not_take_ends_there() -> None:
    line = Line(("90300000 FF" + bytes(255).hex(), "6884"))

    assert exchange(line, LONG) == Answer(b"", 0x6884)
    assert line.left == []


@pytest.mark.parametrize(
    ("command", "over_t0"),
    [
        (GET_STATE, "80100000 00"),
        (DEBIT, "80200000 24" + bytes(36).hex()),
        (Command(Instruction.CONFIRM, HASH, has_answer=False), f"80240000 20 {HASH.hex()}"),
        (Command(Instruction.CONFIRM, has_answer=False), "80240000 00"),
    ],
)
def test_commands_as_t0_carries_them(command: Command, over_t0: str) -> None:
    assert command.encode(Transmission.T0) == bytes.fromhex(over_t0)


@given(piece_bytes=st.integers(min_value=1, max_value=255))
def test_a_purse_that_answers_in_pieces_of_any_size_pays_as_any_other(piece_bytes: int) -> None:
    card = purse()
    commands = PurseCard(DirectConnection(PiecewiseCard(card, piece_bytes)))

    commands.select()
    assert commands.get_state().certificate == certificate()
    assert commands.debit(1_000, HASH) == commands.get_last()
    commands.confirm(HASH)

    assert spent_won(card) == 1_000


def test_a_contact_card_over_t0_pays_as_any_other() -> None:
    card = purse()
    connection = DirectConnection(T0Card(card))
    connection.transmission = Transmission.T0
    commands = PurseCard(connection)

    commands.select()
    assert commands.get_state().sequence == 0
    assert commands.debit(1_000, HASH) == commands.get_last()
    commands.confirm(HASH)
    assert commands.get_state().is_ratified

    assert spent_won(card) == 1_000


def test_a_t0_card_says_what_its_length_is_and_forgets_what_was_not_fetched() -> None:
    card = T0Card(purse())
    select = bytes.fromhex("00A40400 08 F04B53434F494E01")
    debit = bytes.fromhex("80200000 24 00000001") + HASH

    assert card.process(select) == bytes.fromhex("6101")
    assert card.process(bytes.fromhex("00C00000 02")) == bytes.fromhex("6C01")
    assert card.process(bytes.fromhex("00C00000 01")) == bytes.fromhex("01 9000")
    assert card.process(debit) == bytes.fromhex("6189")
    card.reset()
    assert card.process(bytes.fromhex("00C00000 89")) == bytes.fromhex("6A88")
