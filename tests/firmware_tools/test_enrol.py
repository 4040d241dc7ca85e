"""Enrolment: one code, one terminal, whatever happens on the way; nothing unverified is kept."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.keystore.file_key import FileKey
from drivers.keystore.opening import open_key
from drivers.keystore.token_uri import TokenUri
from firmware_tools.enrol import CLOCK_TOLERANCE_S, Enrolled, LedgerMet, Order, Step, enrol, meet
from firmware_tools.errors import (
    AlreadyEnrolled,
    EnrolmentDamaged,
    NotATerminal,
    PlaceUnusable,
    RootNotListed,
    TillRunning,
)
from firmware_tools.place import JOURNAL_FILE, KEY_FILE, PASS_PHRASE_FILE, REQUEST_FILE, Place
from kscoin import codec
from kscoin.bundle import EnrolmentAnswer
from kscoin.errors import EncodingError, Expired, VerificationError, WrongNetwork
from kscoin.keys import PublicKey, SoftwareSigner
from kscoin.messages import TrustList
from kscoin.signed import seal
from offline_queue.errors import LedgerRefused, LedgerUnreachable
from offline_queue.journal import Journal
from offline_queue.rulebook import Rulebook
from offline_queue.terminal import (
    Enrolment,
    TerminalIdentity,
    enrolment_request,
    load_identity,
    open_enrolment,
)
from tests.firmware_tools.ledgers import (
    DAY_S,
    NETWORK,
    NOW_S,
    SHOP,
    Node,
    expired_code,
    lost,
    running_node,
    unknown_code,
    used_code,
)
from tests.stacks.softhsm import PIN

URL = "https://ledger.example"


def nameless_list() -> bytes:
    """A trust list that is signed well and names no root."""
    return seal(TrustList(1, NOW_S, (), ()), SoftwareSigner(5), NETWORK).data


class PowerCut(BaseException):
    """The power goes: nothing of ours may catch it."""


def test_a_code_makes_a_terminal_that_can_be_loaded_as_the_till_loads_it(
    node: Node, tmp_path: Path
) -> None:
    done = enrolled(node, tmp_path / "terminal")

    terminal = loaded(done.directory)
    assert terminal.certificate.message == done.certificate
    assert (terminal.network, terminal.certificate.message.merchant_name) == (NETWORK, SHOP)
    assert node.terminal_ids == [terminal.terminal_id]
    assert settings_of(done.directory)["ledger_url"] == URL
    assert done.kept is None


def test_the_steps_are_told_in_their_order(node: Node, tmp_path: Path) -> None:
    told: list[Step] = []
    enrolled(node, tmp_path / "terminal", tell=told.append)

    assert told == [Step.KEY_MADE, Step.REQUEST_SENT, Step.ANSWER_VERIFIED, Step.WRITTEN]


def test_only_the_terminal_is_left_and_only_its_owner_may_look(node: Node, tmp_path: Path) -> None:
    (tmp_path / "terminal.other").mkdir()
    with pytest.raises(LedgerUnreachable):
        carried_out(ordered(node, tmp_path / "terminal"), replace_spoil(node, lost))
    done = enrolled(replace_spoil(node, bytes), tmp_path / "terminal")

    assert {each.name for each in tmp_path.iterdir()} == {"terminal", "terminal.other"}
    modes = {each.stat().st_mode & 0o077 for each in (done.directory, *done.directory.iterdir())}
    assert modes == {0}
    assert not (done.directory / REQUEST_FILE).exists()


def test_the_pass_phrase_may_be_kept_elsewhere(node: Node, tmp_path: Path) -> None:
    elsewhere = tmp_path / "credentials" / "phrase"
    elsewhere.parent.mkdir()
    elsewhere.write_text("four old bicycles\n")

    done = enrolled(node, tmp_path / "terminal", phrase_file=elsewhere)

    assert not (done.directory / PASS_PHRASE_FILE).exists()
    assert settings_of(done.directory)["pass_phrase_file"] == str(elsewhere)
    assert elsewhere.read_text() == "four old bicycles\n"
    assert_starts(done)


def test_a_key_on_a_token_is_certified_and_opens_as_the_till_opens_it(
    node: Node, tmp_path: Path, make_token: Callable[[str], TokenUri]
) -> None:
    pin = tmp_path / "pin"
    pin.write_text(PIN)
    order = replace(
        ordered(node, tmp_path / "terminal"), pass_phrase_file=pin, token=make_token("enrolment")
    )
    with pytest.raises(LedgerUnreachable):
        carried_out(order, replace_spoil(node, lost))

    done = carried_out(order, replace_spoil(node, bytes))

    assert node.requests[0] == node.requests[1]
    key_file = done.directory / KEY_FILE
    assert key_file.read_text().startswith("pkcs11:")
    assert open_key(key_file, PIN).public_key.compressed == done.certificate.public_key


def test_the_pin_of_a_token_is_not_made_up(
    node: Node, tmp_path: Path, make_token: Callable[[str], TokenUri]
) -> None:
    order = replace(ordered(node, tmp_path / "terminal"), token=make_token("no pin"))

    with pytest.raises(PlaceUnusable, match="PIN"):
        carried_out(order, node)
    assert node.requests == []


def test_an_answer_that_got_lost_is_asked_for_again(node: Node, tmp_path: Path) -> None:
    order = ordered(node, tmp_path / "terminal")
    with pytest.raises(LedgerUnreachable):
        carried_out(order, replace_spoil(node, lost))
    assert not order.place.directory.exists()

    told: list[Step] = []
    done = carried_out(order, replace_spoil(node, bytes), tell=told.append)

    assert told[0] is Step.REQUEST_FOUND
    assert node.requests[0] == node.requests[1]
    assert node.terminal_ids == [done.certificate.terminal_id]
    assert_starts(done)


def test_a_mistyped_code_in_between_does_not_lose_the_first_one(node: Node, tmp_path: Path) -> None:
    order = ordered(node, tmp_path / "terminal")
    with pytest.raises(LedgerUnreachable):
        carried_out(order, replace_spoil(node, lost))
    node = replace_spoil(node, bytes)
    with pytest.raises(LedgerRefused, match="no such code"):
        carried_out(replace(order, code="0000-0000-0000-0000"), node)

    done = carried_out(order, node)

    assert node.terminal_ids == [done.certificate.terminal_id]


def test_a_power_cut_at_any_moment_costs_neither_the_code_nor_the_terminal(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = 0
    while True:
        directory = tmp_path / f"cut-{moments}" / "terminal"
        order = ordered(node, directory)
        count_before = len(node.terminal_ids)
        with monkeypatch.context() as patch:
            cut_power(patch, after_calls=moments)
            was_cut = is_cut(order, node)
        if not was_cut:
            break
        if not order.place.enrolled():
            carried_out(order, node)
        assert loaded(directory).certificate.data
        assert len(node.terminal_ids) == count_before + 1
        moments += 1
    assert moments >= 2 * len(list(directory.iterdir()))


@pytest.mark.parametrize(
    ("reason", "use"),
    [
        ("unknown_code", unknown_code),
        ("code_used", used_code),
        ("code_expired", expired_code),
    ],
)
def test_a_code_that_is_refused_leaves_nothing_behind(
    reason: str, use: Callable[[Node], str], node: Node, tmp_path: Path
) -> None:
    order = replace(ordered(node, tmp_path / "terminal"), code=use(node))

    with pytest.raises(LedgerRefused) as caught:
        carried_out(order, node)

    assert caught.value.reason == reason
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_that_says_nothing_of_the_code_keeps_the_request(
    node: Node, tmp_path: Path
) -> None:
    def refuse(answer: bytes) -> bytes:
        raise LedgerRefused("a proxy in between", 403, "http_403")

    order = ordered(node, tmp_path / "terminal")
    with pytest.raises(LedgerRefused):
        carried_out(order, replace_spoil(node, refuse))

    assert_starts(carried_out(order, replace_spoil(node, bytes)))


@given(data=st.data())
@settings(max_examples=300)
def test_an_answer_with_a_byte_changed_says_the_same_or_is_not_believed(
    data: st.DataObject, answered: Answered
) -> None:
    at = data.draw(st.integers(0, len(answered.answer) - 1))
    flipped = answered.answer[at] ^ data.draw(st.integers(1, 255))
    answer = answered.answer[:at] + bytes([flipped]) + answered.answer[at + 1 :]

    try:
        believed = opened(replace(answered, answer=answer))
    except (EncodingError, VerificationError):
        return
    # Only the signature of a root that is not the pinned one is nobody's business here.
    assert answered.is_in_trust(at)
    assert messages_of(believed) == messages_of(opened(answered))


@dataclass(frozen=True, slots=True)
class Answered:
    """A ledger's answer, and what it is to be verified with."""

    answer: bytes
    key: PublicKey
    root: PublicKey

    def is_in_trust(self, at: int) -> bool:
        trust = EnrolmentAnswer.decode(self.answer).trust
        start = self.answer.index(trust)
        return start <= at < start + len(trust)


@pytest.fixture(scope="module")
def answered() -> Iterator[Answered]:
    with running_node() as node:
        key = SoftwareSigner(11)
        request = enrolment_request(node.code(), "bench", bytes(16), key, NETWORK)
        yield Answered(node.enrol(request.data), key.public_key, node.roots[0])


def opened(answered: Answered) -> Enrolment:
    return open_enrolment(answered.answer, answered.key, answered.root, NETWORK, NOW_S)


def messages_of(enrolment: Enrolment) -> list[object]:
    rules = enrolment.rules
    assert rules.policy is not None
    return [
        enrolment.certificate.message,
        rules.trust.listing,
        rules.policy.message,
        rules.denylist,
    ]


@pytest.mark.parametrize("answer", [b"", b"\x80", b"<html>sign in</html>", b"\x84\x40\x40\x40\x40"])
def test_nonsense_for_an_answer(answer: bytes, node: Node, tmp_path: Path) -> None:
    order = ordered(node, tmp_path / "terminal")

    with pytest.raises(EncodingError):
        carried_out(order, replace_spoil(node, lambda _: answer))
    assert not order.place.directory.exists()


def test_the_answer_to_another_terminal_is_not_taken(node: Node, tmp_path: Path) -> None:
    answers: list[bytes] = []

    def keep(answer: bytes) -> bytes:
        answers.append(answer)
        return answer

    carried_out(ordered(node, tmp_path / "first"), replace_spoil(node, keep))
    with pytest.raises(VerificationError, match="another key"):
        carried_out(ordered(node, tmp_path / "second"), replace_spoil(node, lambda _: answers[0]))


def test_an_answer_under_another_root_is_not_taken(node: Node, tmp_path: Path) -> None:
    met = meet(node, None, NOW_S)
    order = ordered(node, tmp_path / "terminal")

    with running_node() as impostor, pytest.raises(VerificationError):
        carried_out(replace(order, code=impostor.code()), impostor, met=met)


def test_a_root_that_was_given_must_have_signed(node: Node) -> None:
    assert {meet(node, root, NOW_S).root for root in node.roots} == set(node.roots)
    with pytest.raises(RootNotListed):
        meet(node, SoftwareSigner(7).public_key, NOW_S)


def test_a_ledger_that_names_another_network_than_its_root_signs_for(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = replace(node.status(), network="seoul")
    monkeypatch.setattr(Node, "status", lambda self: told)

    with pytest.raises(WrongNetwork):
        meet(node, node.roots[0], NOW_S)


@pytest.mark.parametrize(
    "listed", [b"", b"\x80", b"\x81\x40", b"<html>sign in</html>", codec.encode([nameless_list()])]
)
def test_a_trust_list_that_names_no_root(
    listed: bytes, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Node, "trust", lambda self: listed)

    with pytest.raises(EncodingError):
        meet(node, None, NOW_S)


def test_a_network_that_would_write_over_the_screen(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = replace(node.status(), network="seoul\x1b[2K")
    monkeypatch.setattr(Node, "status", lambda self: told)

    with pytest.raises(EncodingError):
        meet(node, node.roots[0], NOW_S)


@pytest.mark.parametrize("behind_s", [-DAY_S, 0, 1, CLOCK_TOLERANCE_S])
def test_a_clock_that_is_a_little_behind_or_a_day_ahead_is_good_enough(
    behind_s: int, node: Node, tmp_path: Path
) -> None:
    done = carried_out(ordered(node, tmp_path / "terminal"), node, now_s=NOW_S - behind_s)

    assert_starts(done)


@pytest.mark.parametrize("off_s", [-CLOCK_TOLERANCE_S - 1, -50 * 365 * DAY_S, 50 * 365 * DAY_S])
def test_a_clock_that_is_far_off_is_told_apart(off_s: int, node: Node, tmp_path: Path) -> None:
    order = ordered(node, tmp_path / "terminal")
    with pytest.raises(Expired):
        carried_out(order, node, now_s=NOW_S + off_s)

    assert_starts(carried_out(order, node))


def test_how_far_off_the_clock_is(node: Node) -> None:
    assert meet(node, None, NOW_S - 90).clock_ahead_s == 90


def test_a_place_with_a_terminal_is_not_free(node: Node, tmp_path: Path) -> None:
    place = Place(tmp_path / "terminal")
    assert place.free_or_replaced(may_replace=False) is None
    done = enrolled(node, place.directory)

    with pytest.raises(AlreadyEnrolled):
        place.free_or_replaced(may_replace=False)
    assert place.free_or_replaced(may_replace=True) == done.certificate


def test_a_terminal_that_is_replaced_is_kept_whole(node: Node, tmp_path: Path) -> None:
    first = enrolled(node, tmp_path / "terminal")
    journal = first.directory / "journal.db"
    journal.write_bytes(b"what it has taken")

    second = enrolled(node, tmp_path / "terminal")

    assert second.kept is not None
    assert (second.kept / journal.name).read_bytes() == b"what it has taken"
    assert loaded(second.kept).terminal_id == first.certificate.terminal_id
    assert loaded(second.directory).terminal_id == second.certificate.terminal_id
    assert not journal.exists()


def test_a_power_cut_while_a_terminal_is_replaced(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = enrolled(node, tmp_path / "terminal")
    order = ordered(node, tmp_path / "terminal")
    with monkeypatch.context() as patch:
        cut_power(patch, after_calls=0, call="rename", when=is_a_draft)
        assert is_cut(order, node)
    assert not order.place.directory.exists()

    second = carried_out(order, node)

    assert loaded(second.directory).terminal_id == second.certificate.terminal_id
    assert len(node.terminal_ids) == 2
    (kept,) = tmp_path.glob("terminal.was-*")
    assert loaded(kept).terminal_id == first.certificate.terminal_id


def test_a_terminal_whose_till_runs_is_not_replaced(node: Node, tmp_path: Path) -> None:
    first = enrolled(node, tmp_path / "terminal")
    order = ordered(node, tmp_path / "terminal")
    till = Journal.open(first.directory / JOURNAL_FILE, first.certificate.terminal_id)
    try:
        with pytest.raises(TillRunning):
            order.place.free_or_replaced(may_replace=True)
        with pytest.raises(TillRunning):
            carried_out(order, node)
        assert_starts(first)
    finally:
        till.close()

    assert_starts(carried_out(order, node))


def test_an_empty_directory_is_free(node: Node, tmp_path: Path) -> None:
    (tmp_path / "terminal").mkdir()

    assert_starts(enrolled(node, tmp_path / "terminal"))


@pytest.mark.parametrize("name", ["holiday.jpg", "certificate.cbor"])
def test_somebody_elses_files_are_left_alone(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"dear diary")

    with pytest.raises(NotATerminal):
        Place(tmp_path).enrolled()


def test_a_pass_phrase_in_a_directory_that_is_not_there(node: Node, tmp_path: Path) -> None:
    with pytest.raises(PlaceUnusable):
        enrolled(node, tmp_path / "terminal", phrase_file=tmp_path / "none" / "phrase")


def test_a_place_that_cannot_be_a_directory(node: Node, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(PlaceUnusable):
        enrolled(node, tmp_path / "file" / "terminal")


def test_a_request_of_another_key_in_the_draft(node: Node, tmp_path: Path) -> None:
    order, other = ordered(node, tmp_path / "terminal"), ordered(node, tmp_path / "other")
    for each in (order, other):
        with pytest.raises(LedgerUnreachable):
            carried_out(each, replace_spoil(node, lost))
    theirs, ours = (each.place.draft(NETWORK, each.code) for each in (other, order))
    (ours / REQUEST_FILE).write_bytes((theirs / REQUEST_FILE).read_bytes())

    with pytest.raises(EnrolmentDamaged):
        carried_out(order, replace_spoil(node, bytes))


def ordered(node: Node, directory: Path) -> Order:
    return Order(node.code(), URL, Place(directory), "test bench", Path(PASS_PHRASE_FILE))


def enrolled(
    node: Node,
    directory: Path,
    phrase_file: Path = Path(PASS_PHRASE_FILE),
    tell: Callable[[Step], None] = lambda step: None,
) -> Enrolled:
    order = replace(ordered(node, directory), pass_phrase_file=phrase_file)
    return carried_out(order, node, tell=tell)


def carried_out(
    order: Order,
    node: Node,
    met: LedgerMet | None = None,
    now_s: int = NOW_S,
    tell: Callable[[Step], None] = lambda step: None,
) -> Enrolled:
    met = met or meet(node, None, now_s)
    return enrol(order, met, node, lambda: now_s, tell)


def replace_spoil(node: Node, spoil: Callable[[bytes], bytes]) -> Node:
    node.spoil = spoil
    return node


def assert_starts(done: Enrolled) -> None:
    assert loaded(done.directory).terminal_id == done.certificate.terminal_id


def settings_of(directory: Path) -> dict[str, str]:
    return tomllib.loads((directory / "settings.toml").read_text())


def loaded(directory: Path) -> TerminalIdentity:
    """The terminal, from its directory alone, as the till starts with it."""
    named = settings_of(directory)
    phrase = (directory / named["pass_phrase_file"]).read_text().strip()
    key = FileKey.open(directory / named["key_file"], phrase)
    rules = Rulebook.load(directory).rules
    assert rules.policy is not None
    assert rules.versions.denylist >= 1
    return load_identity(directory, rules.trust, key)


def is_cut(order: Order, node: Node) -> bool:
    try:
        carried_out(order, node)
    except PowerCut:
        return True
    return False


def is_a_draft(path: object) -> bool:
    return "enrolling" in str(path)


def cut_power(
    patch: pytest.MonkeyPatch,
    after_calls: int,
    call: str = "fsync",
    when: Callable[[object], bool] = lambda argument: True,
) -> None:
    """Let the power go at the call of `os.<call>` after this many, before it does anything."""
    real = getattr(os, call)
    calls = 0

    def counting(argument: object, *rest: object, **named: object) -> object:
        nonlocal calls
        if when(argument):
            calls += 1
            if calls > after_calls:
                raise PowerCut
        return real(argument, *rest, **named)

    patch.setattr(os, call, counting)
