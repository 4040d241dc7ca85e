"""Every result of every PC/SC call, and every exception of pyscard, is one of our errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from smartcard import scard

from drivers.card import pcsc
from drivers.card.pcsc import PcscReader, reader_names
from drivers.errors import (
    CardMute,
    CardRemoved,
    DeviceBusy,
    DeviceForbidden,
    DeviceGone,
    DeviceNotFound,
    DeviceUnavailable,
    DriverError,
    ForeignCard,
    ServiceDown,
)

OK = scard.SCARD_S_SUCCESS
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
        self.readers = READERS
        answers: dict[str, Callable[..., Any]] = {
            "SCardEstablishContext": lambda scope: [OK, 7],
            "SCardReleaseContext": lambda context: OK,
            "SCardListReaders": lambda context, groups: [OK, self.readers],
            "SCardConnect": lambda *arguments: [OK, 9, scard.SCARD_PROTOCOL_T1],
            "SCardDisconnect": lambda card, disposition: OK,
            "SCardTransmit": lambda card, protocol, apdu: [OK, [*reversed(apdu), 0x90, 0x00]],
            "SCardGetStatusChange": self._status,
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
        (name, known), *_ = question
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        if state == known:
            return [scard.SCARD_E_TIMEOUT, []]
        return [OK, [(name, state | scard.SCARD_STATE_CHANGED, [])]]


@pytest.fixture(name="fake")
def fake_pcsc(monkeypatch: pytest.MonkeyPatch) -> Pcsc:
    return Pcsc(monkeypatch)


def reader() -> PcscReader:
    opened = PcscReader("Virtual PCD")
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
    ("wanted", "name"), [("", READERS[0]), ("Virtual", READERS[1]), ("PCD 00 01", READERS[2])]
)
def test_a_reader_by_a_part_of_its_name(fake: Pcsc, wanted: str, name: str) -> None:
    chosen = PcscReader(wanted)
    chosen.open()
    assert chosen.name == name
    assert reader_names() == tuple(READERS)


def test_the_same_reader_under_another_number(fake: Pcsc) -> None:
    chosen = PcscReader()
    fake.readers = ["R (A) 00 00", "R (B) 01 00"]
    chosen.open()
    fake.readers = ["R (A) 03 00", "R (0) 00 00"]
    chosen.open()
    assert chosen.name == "R (A) 03 00"


def test_no_stick_is_taken_for_a_reader(fake: Pcsc) -> None:
    fake.readers = ["Yubico YubiKey OTP+FIDO+CCID 00 00", "ACR1252 [ACR1252 SAM] 01 00"]
    with pytest.raises(DeviceNotFound):
        PcscReader().open()


@pytest.mark.parametrize("readers", [[], ["Another 00 00"]])
def test_a_reader_that_is_not_there(fake: Pcsc, readers: list[str]) -> None:
    fake.readers = readers
    with pytest.raises(DeviceNotFound) as raised:
        reader()
    assert raised.value.device == "Virtual PCD"


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
    assert raised.value.device in ("Virtual PCD 00 00", "Virtual PCD", "PC/SC service")
    assert not raised.value.money_may_have_moved


@pytest.mark.parametrize("error", EXCEPTIONS)
@pytest.mark.parametrize("call", USES)
def test_each_exception_of_each_call(fake: Pcsc, call: str, error: Exception) -> None:
    opened = reader()
    fake.failing[call] = error
    with pytest.raises(DeviceUnavailable) as raised:
        USES[call](opened)
    assert raised.value.__cause__ is error


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
