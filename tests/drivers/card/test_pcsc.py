"""Every result of every PC/SC call, and every exception of pyscard, is one of our errors."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from smartcard import scard

from drivers.card import pcsc
from drivers.card.apdu import Transmission
from drivers.card.pcsc import PcscReader, PcscReaders, reader_names
from drivers.card.purse_card import PurseCard
from drivers.card.signals import Signal, commands_for
from drivers.card.turns import Turns
from drivers.errors import (
    CardError,
    CardMute,
    CardRemoved,
    DebitTorn,
    DeviceBusy,
    DeviceForbidden,
    DeviceGone,
    DeviceNotFound,
    DeviceUnavailable,
    DriverError,
    ForeignCard,
    NextStep,
    ServiceDown,
    SeveralCards,
)

OK = scard.SCARD_S_SUCCESS
SECURITY_MODULE = "ACS ACR1252 Dual Reader SAM 00 01"
PRESENT, EMPTY = scard.SCARD_STATE_PRESENT, scard.SCARD_STATE_EMPTY
READERS = ["ACS ACR122U 00 00", "Virtual PCD 00 00", "Virtual PCD 00 01"]
KINDS = {
    "SCARD_E_NO_SERVICE": ServiceDown,
    "SCARD_E_SERVICE_STOPPED": ServiceDown,
    "SCARD_E_SERVER_TOO_BUSY": ServiceDown,
    "SCARD_E_INVALID_HANDLE": ServiceDown,
    "SCARD_F_COMM_ERROR": ServiceDown,
    "SCARD_F_INTERNAL_ERROR": ServiceDown,
    "SCARD_E_NO_READERS_AVAILABLE": DeviceNotFound,
    "SCARD_E_UNKNOWN_READER": DeviceGone,
    "SCARD_E_READER_UNAVAILABLE": DeviceGone,
    "SCARD_E_SHARING_VIOLATION": DeviceBusy,
    "SCARD_E_NO_ACCESS": DeviceForbidden,
    "SCARD_W_SECURITY_VIOLATION": DeviceForbidden,
    "SCARD_W_REMOVED_CARD": CardRemoved,
    "SCARD_E_NO_SMARTCARD": CardRemoved,
    "SCARD_W_RESET_CARD": CardMute,
    "SCARD_W_UNRESPONSIVE_CARD": CardMute,
    "SCARD_W_UNPOWERED_CARD": CardMute,
    "SCARD_E_NOT_TRANSACTED": CardMute,
    "SCARD_E_COMM_DATA_LOST": CardMute,
    "SCARD_E_TIMEOUT": CardMute,
    "SCARD_E_PROTO_MISMATCH": ForeignCard,
    "SCARD_W_UNSUPPORTED_CARD": ForeignCard,
    "SCARD_E_CARD_UNSUPPORTED": ForeignCard,
}
RESULTS = sorted(
    name for name in dir(scard) if name.startswith(("SCARD_E_", "SCARD_F_", "SCARD_W_"))
)
RESULTS.remove("SCARD_E_TIMEOUT")  # of a wait it is no error, and has tests of its own
EXCEPTIONS = [
    SystemError("NULL"),
    TypeError("a long"),
    ValueError("?"),
    OverflowError("?"),
    scard.error("?"),
]


class Pcsc:
    """PC/SC calls that go well with a card in the field, until one is told to fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[str] = []
        self.failing: dict[str, int | Exception] = {}
        self.states = [PRESENT]
        # What is at the readers of these names, whatever `states` says.
        self.at: dict[str, int] = {}
        self.escaped: list[bytes] = []
        self.protocol = scard.SCARD_PROTOCOL_T1
        self.atr = bytes.fromhex("3B80800101")
        self.features: dict[int, bytes] = {}
        self.readers = READERS
        answers: dict[str, Callable[..., Any]] = {
            "SCardEstablishContext": lambda scope: [OK, 7],
            "SCardReleaseContext": lambda context: OK,
            "SCardListReaders": lambda context, groups: [OK, self.readers],
            "SCardConnect": lambda *arguments: [OK, 9, self.protocol],
            "SCardDisconnect": lambda card, disposition: OK,
            "SCardTransmit": lambda card, protocol, apdu: [OK, [*reversed(apdu), 0x90, 0x00]],
            "SCardGetStatusChange": self._status,
            "SCardStatus": lambda card: [OK, "a reader", PRESENT, self.protocol, list(self.atr)],
            "SCardControl": self._control,
        }
        for name, answer in answers.items():
            monkeypatch.setattr(scard, name, self._call(name, answer))

    def _call(self, name: str, answer: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self.calls.append(name)
            match self.failing.get(name):
                case Exception() as error:
                    raise error
                case int(result):
                    return [result, 0] if name == "SCardEstablishContext" else [result, []]
                case _:
                    return answer(*arguments)

        call.__name__ = name
        return call

    def _status(self, context: int, timeout_ms: int, question: list[tuple[str, int]]) -> Any:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        states = {name: self.at.get(name, state) for name, _ in question}
        if all(known == states[name] for name, known in question):
            return [scard.SCARD_E_TIMEOUT, []]
        return [OK, [(name, at | scard.SCARD_STATE_CHANGED, []) for name, at in states.items()]]

    def _control(self, card: int, code: int, command: list[int]) -> Any:
        if code == scard.SCARD_CTL_CODE(1):
            self.escaped.append(bytes(command))
            return [OK, []]
        return [OK, list(self.features.get(code, b""))]


@pytest.fixture(name="fake")
def fake_pcsc(monkeypatch: pytest.MonkeyPatch) -> Pcsc:
    return Pcsc(monkeypatch)


def reader(wanted: str = "PCD 00 00") -> PcscReader:
    opened = PcscReader(wanted)
    opened.open()
    return opened


def test_a_card_that_is_there_and_answers(fake: Pcsc) -> None:
    connection = reader().wait_for_card(1)

    assert connection is not None
    assert connection.reader_name == "Virtual PCD 00 00"
    assert connection.transmit(b"\x01\x02") == b"\x02\x01\x90\x00"
    connection.close()
    assert fake.calls[-1] == "SCardDisconnect"


@pytest.mark.parametrize(
    ("states", "is_there"),
    [([PRESENT], True), ([EMPTY, PRESENT], True), ([EMPTY, EMPTY], False), ([EMPTY], False)],
)
def test_waiting_for_a_card(fake: Pcsc, states: list[int], is_there: bool) -> None:
    fake.states = states
    assert (reader().wait_for_card(1) is not None) is is_there


@pytest.mark.parametrize(
    ("states", "is_gone"),
    [([EMPTY], True), ([PRESENT, EMPTY], True), ([PRESENT, PRESENT], False), ([PRESENT], False)],
)
def test_waiting_for_an_empty_field(fake: Pcsc, states: list[int], is_gone: bool) -> None:
    fake.states = states
    assert reader().wait_for_removal(1) is is_gone


@pytest.mark.parametrize("state", [scard.SCARD_STATE_UNKNOWN, scard.SCARD_STATE_UNAVAILABLE])
def test_a_reader_that_pcscd_has_lost(fake: Pcsc, state: int) -> None:
    fake.states = [state]
    with pytest.raises(DeviceGone):
        reader().wait_for_card(1)
    with pytest.raises(DeviceGone):
        reader().wait_for_removal(1)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ((), READERS),
        (("Virtual",), READERS[1:]),
        (("PCD 00 01",), READERS[2:]),
        (("ACR122U", "PCD 00 01"), [READERS[0], READERS[2]]),
        (("Virtual", "PCD 00 01"), READERS[1:]),
        (("ACR122U", "not there"), READERS[:1]),
        (("not there",), []),
    ],
)
def test_readers_by_parts_of_their_names(
    fake: Pcsc, wanted: tuple[str, ...], found: list[str]
) -> None:
    fake.readers = [*READERS, SECURITY_MODULE]
    listing = PcscReaders(*wanted)
    listing.open()
    assert listing.names() == tuple(found)
    listing.close()
    assert reader_names() == tuple(fake.readers)


def test_a_list_that_is_closed_lists_nothing(fake: Pcsc) -> None:
    listing = PcscReaders()
    with pytest.raises(DeviceGone):
        listing.names()
    listing.open()
    fake.readers = []
    fake.failing["SCardListReaders"] = scard.SCARD_E_NO_READERS_AVAILABLE
    assert listing.names() == ()
    listing.close()
    listing.close()
    assert fake.calls.count("SCardReleaseContext") == 1
    with pytest.raises(DeviceGone):
        listing.names()


def test_the_same_reader_under_another_number(fake: Pcsc) -> None:
    chosen = PcscReader("(B)")
    fake.readers = ["R (A) 00 00", "R (B) 01 00"]
    chosen.open()
    fake.readers = ["R (B) 03 00", "R (0) 00 00", "R (A) 01 00"]
    chosen.open()
    assert chosen.name == "R (B) 03 00"


def test_no_stick_is_taken_for_a_reader(fake: Pcsc) -> None:
    fake.readers = ["Yubico YubiKey OTP+FIDO+CCID 00 00", "ACR1252 [ACR1252 SAM] 01 00"]
    with pytest.raises(DeviceNotFound):
        PcscReader().open()


@pytest.mark.parametrize("readers", [[], ["Another 00 00"]])
def test_a_reader_that_is_not_there(fake: Pcsc, readers: list[str]) -> None:
    fake.readers = readers
    with pytest.raises(DeviceNotFound) as raised:
        reader()
    assert raised.value.device == "PCD 00 00"


def test_no_reader_at_all_is_an_empty_list(fake: Pcsc) -> None:
    fake.failing["SCardListReaders"] = scard.SCARD_E_NO_READERS_AVAILABLE
    assert reader_names() == ()
    assert fake.calls[-1] == "SCardReleaseContext"


def test_a_card_that_leaves_while_it_is_met_was_not_there(fake: Pcsc) -> None:
    opened = reader()
    fake.failing["SCardConnect"] = scard.SCARD_E_NO_SMARTCARD
    assert opened.wait_for_card(1) is None


Use = Callable[[PcscReader], object]


def use_transmit(opened: PcscReader) -> None:
    connection = opened.wait_for_card(1)
    assert connection is not None
    connection.transmit(b"\x00")


USES: dict[str, Use] = {
    "SCardEstablishContext": lambda opened: opened.open(),
    "SCardListReaders": lambda opened: opened.open(),
    "SCardGetStatusChange": lambda opened: opened.wait_for_removal(1),
    "SCardConnect": lambda opened: opened.wait_for_card(1),
    "SCardTransmit": use_transmit,
}


@pytest.mark.parametrize("result", RESULTS)
@pytest.mark.parametrize("call", USES)
def test_each_result_of_each_call(fake: Pcsc, call: str, result: str) -> None:
    kind: type[DriverError] = KINDS.get(result, DeviceUnavailable)
    if kind is DeviceForbidden and call not in ("SCardEstablishContext", "SCardConnect"):
        # Where polkit is not asked, it only means that pcscd hung up.
        kind = ServiceDown if result == "SCARD_W_SECURITY_VIOLATION" else kind
    opened = reader()
    fake.failing[call] = getattr(scard, result)
    if call == "SCardConnect" and kind is CardRemoved:
        assert opened.wait_for_card(1) is None
        return
    with pytest.raises(kind) as raised:
        USES[call](opened)
    assert type(raised.value) is kind
    assert raised.value.device in ("Virtual PCD 00 00", "PCD 00 00", "PC/SC service")
    assert not raised.value.money_may_have_moved
    assert raised.value.next_step in NextStep


@pytest.mark.parametrize("error", EXCEPTIONS)
@pytest.mark.parametrize("call", USES)
def test_each_exception_of_each_call(fake: Pcsc, call: str, error: Exception) -> None:
    opened = reader()
    fake.failing[call] = error
    with pytest.raises(DeviceUnavailable) as raised:
        USES[call](opened)
    assert raised.value.__cause__ is error


@pytest.mark.parametrize("failure", [*(getattr(scard, each) for each in RESULTS), *EXCEPTIONS])
def test_whatever_becomes_of_a_debit_may_have_moved_money(
    fake: Pcsc, failure: int | Exception
) -> None:
    connection = reader().wait_for_card(1)
    assert connection is not None
    fake.failing["SCardTransmit"] = failure

    with pytest.raises(DebitTorn) as raised:
        PurseCard(connection).debit(1_000, bytes(32))

    assert raised.value.money_may_have_moved
    assert raised.value.device == "Virtual PCD 00 00"
    assert raised.value.next_step is NextStep.HOLD_SAME_CARD_AGAIN
    assert isinstance(raised.value.__cause__, DriverError)
    assert not raised.value.__cause__.money_may_have_moved


@pytest.mark.parametrize(
    ("again", "kind"),
    [(scard.SCARD_W_SECURITY_VIOLATION, DeviceForbidden), (scard.SCARD_E_NO_SERVICE, ServiceDown)],
)
def test_a_pcscd_that_hangs_up_is_asked_once_more_whether_it_refuses(
    fake: Pcsc, monkeypatch: pytest.MonkeyPatch, again: int, kind: type[DriverError]
) -> None:
    results = iter((scard.SCARD_W_SECURITY_VIOLATION, again))

    def establish(scope: int) -> list[int]:
        return [next(results), 0]

    establish.__name__ = "SCardEstablishContext"
    monkeypatch.setattr(scard, "SCardEstablishContext", establish)
    with pytest.raises(kind):
        reader()


@pytest.mark.parametrize("failure", [scard.SCARD_E_INVALID_HANDLE, SystemError("NULL")])
def test_letting_go_of_what_is_gone(fake: Pcsc, failure: int | Exception) -> None:
    opened = reader()
    connection = opened.wait_for_card(1)
    assert connection is not None
    fake.failing |= {"SCardDisconnect": failure, "SCardReleaseContext": failure}

    connection.close()
    opened.close()

    assert fake.calls[-2:] == ["SCardDisconnect", "SCardReleaseContext"]
    with pytest.raises(CardRemoved):
        connection.transmit(b"\x00")
    with pytest.raises(DeviceGone):
        opened.wait_for_card(1)


def test_the_table_names_no_result_twice() -> None:
    assert len(pcsc._RESULTS) == len(KINDS)


def seated(*names: str) -> tuple[PcscReader, ...]:
    """Readers of one till, each of which knows of the others."""
    turns = Turns()
    readers = tuple(PcscReader(name, turns.seat(name)) for name in names)
    for each in readers:
        each.open()
    return readers


def test_a_card_at_one_of_several_readers_is_that_ones(fake: Pcsc) -> None:
    fake.states, fake.at = [EMPTY], {READERS[2]: PRESENT}
    first, second = seated(READERS[0], READERS[2])

    assert first.wait_for_card(0) is None
    connection = second.wait_for_card(0)

    assert connection is not None
    assert connection.reader_name == READERS[2]
    # As long as this card is being served, another one waits, and it may leave first.
    fake.at[READERS[0]] = PRESENT
    assert first.wait_for_card(0) is None
    assert not second.wait_for_removal(0)
    fake.at[READERS[2]] = EMPTY
    assert second.wait_for_removal(0)
    connection.close()
    connection.close()
    assert first.wait_for_card(0) is not None


def test_cards_at_two_readers_are_refused_and_neither_is_asked(fake: Pcsc) -> None:
    fake.states, fake.at = [EMPTY], {READERS[0]: PRESENT, READERS[2]: PRESENT}
    names = {READERS[0], READERS[2]}

    for each in seated(READERS[0], READERS[2], READERS[1]):
        if each.name in names:
            with pytest.raises(SeveralCards) as raised:
                each.wait_for_card(1)
            assert raised.value.context["readers"] == [each.name, *(names - {each.name})]
            assert not raised.value.money_may_have_moved
    assert "SCardConnect" not in fake.calls


def test_another_reader_that_is_unplugged_is_no_concern_of_this_one(fake: Pcsc) -> None:
    fake.at = {READERS[0]: scard.SCARD_STATE_UNKNOWN}
    gone, well = seated(READERS[0], READERS[1])

    with pytest.raises(DeviceGone):
        gone.wait_for_card(0)
    assert well.wait_for_card(0) is not None


@pytest.mark.parametrize(
    "failure", ["SCARD_E_NO_SMARTCARD", "SCARD_W_UNRESPONSIVE_CARD", "SCARD_E_NO_SERVICE"]
)
def test_a_card_that_is_not_met_gives_its_turn_back(fake: Pcsc, failure: str) -> None:
    fake.states, fake.at = [EMPTY], {READERS[0]: PRESENT}
    first, second = seated(READERS[0], READERS[1])
    fake.failing["SCardConnect"] = getattr(scard, failure)
    with suppress(DriverError):
        assert first.wait_for_card(0) is None
    fake.failing.clear()
    fake.at = {READERS[1]: PRESENT}

    assert second.wait_for_card(0) is not None
    assert second.may_go_on()
    assert not first.may_go_on()


def test_a_wanted_reader_that_is_not_there_is_told_once(
    fake: Pcsc, caplog: pytest.LogCaptureFixture
) -> None:
    listing = PcscReaders("ACR122U", "not there")
    listing.open()
    for _ in range(3):
        assert listing.names() == (READERS[0],)

    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert told == ["card readers that are not there: not there"]


@pytest.mark.parametrize(
    ("protocol", "transmission"),
    [
        (scard.SCARD_PROTOCOL_T0, Transmission.T0),
        (scard.SCARD_PROTOCOL_T1, Transmission.T1),
    ],
)
def test_the_protocol_is_the_one_that_pcscd_settled(
    fake: Pcsc, protocol: int, transmission: Transmission
) -> None:
    fake.protocol = protocol
    connection = reader().wait_for_card(1)

    assert connection is not None
    assert connection.transmission is transmission
    assert connection.transmit(b"\x01") == b"\x01\x90\x00"


# An ATR with card capabilities, and the properties of a reader of long APDUs (PC/SC part 10).
EXTENDED_ATR = bytes.fromhex("3B8580018073C0014076")
FEATURES = scard.SCARD_CTL_CODE(3400)
PROPERTIES = 0x42000D5A


@pytest.mark.parametrize(
    ("atr", "properties", "takes"),
    [
        (EXTENDED_ATR, "0A0400000100", True),
        (EXTENDED_ATR, "0A0406010000", False),
        (EXTENDED_ATR, "", False),
        (bytes.fromhex("3B80800101"), "0A0400000100", False),
    ],
)
def test_extended_apdus_only_where_card_and_reader_take_them(
    fake: Pcsc, atr: bytes, properties: str, takes: bool
) -> None:
    fake.atr = atr
    fake.features = {
        FEATURES: bytes([0x06, 4, 0x42, 0, 0x0D, 0x48, 0x12, 4]) + PROPERTIES.to_bytes(4, "big"),
        PROPERTIES: bytes.fromhex(properties),
    }
    connection = reader().wait_for_card(1)

    assert connection is not None
    assert connection.takes_extended() is takes


@pytest.mark.parametrize("call", ["SCardStatus", "SCardControl"])
@pytest.mark.parametrize("failure", [getattr(scard, each) for each in RESULTS] + EXCEPTIONS)
def test_a_reader_that_cannot_be_asked_takes_no_extended_apdus(
    fake: Pcsc, call: str, failure: int | Exception
) -> None:
    fake.atr = EXTENDED_ATR
    connection = reader().wait_for_card(1)
    fake.failing[call] = failure

    assert connection is not None
    assert not connection.takes_extended()


def test_signals_go_to_the_reader_that_met_the_card(fake: Pcsc) -> None:
    fake.states, fake.at = [EMPTY], {READERS[0]: PRESENT}
    opened = reader("ACR122U")
    connection = opened.wait_for_card(1)
    assert connection is not None
    opened.signal(Signal.YES)
    connection.close()
    opened.signal(Signal.AGAIN)

    yes, again = commands_for(READERS[0], Signal.YES), commands_for(READERS[0], Signal.AGAIN)
    assert fake.escaped == [*yes, *again]
    # The second one had no card to go by: a way to the reader itself was opened, and closed.
    assert fake.calls[-3:] == ["SCardConnect", "SCardControl", "SCardDisconnect"]


def test_a_reader_without_signals_of_ours_is_told_nothing(fake: Pcsc) -> None:
    opened = reader()
    assert opened.wait_for_card(1) is not None

    opened.signal(Signal.NO)

    assert "SCardControl" not in fake.calls


@pytest.mark.parametrize("call", ["SCardControl", "SCardConnect"])
@pytest.mark.parametrize("failure", [getattr(scard, each) for each in RESULTS] + EXCEPTIONS)
def test_a_signal_that_fails_is_told_once_and_disturbs_nobody(
    fake: Pcsc, caplog: pytest.LogCaptureFixture, call: str, failure: int | Exception
) -> None:
    opened = reader("ACR122U")
    connection = opened.wait_for_card(1)
    assert connection is not None
    connection.close()
    fake.failing[call] = failure

    for _ in range(3):
        opened.signal(Signal.YES)

    warned = [record for record in caplog.records if record.levelname == "WARNING"]
    has_card_left = not isinstance(failure, Exception) and issubclass(
        pcsc._RESULTS.get(failure, DeviceUnavailable), CardError
    )
    assert len(warned) == (0 if has_card_left else 1)
    fake.failing.clear()
    assert opened.wait_for_card(1) is not None
