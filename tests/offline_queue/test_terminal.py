"""How a terminal comes to its identity, and what it does not take for one."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kscoin.bundle import EnrolmentAnswer
from kscoin.errors import Expired, KSCoinError, UntrustedKey
from kscoin.messages import EnrolmentRequest
from kscoin.networks import TEST
from kscoin.signed import open_signed, seal
from offline_queue.errors import IdentityInvalid
from offline_queue.terminal import (
    enrolment_request,
    load_identity,
    open_enrolment,
    write_enrolment,
)
from tests.kscoin.parties import (
    NETWORK,
    NOW_S,
    TERMINAL_ID,
    key,
    octets,
    terminal_certificate,
    trust,
)
from tests.offline_queue.shop import Shop, denylist_step, flipped, signed_policy
from tests.offline_queue.test_rulebook import policy

MINE, ROOT = key("terminal").public_key, key("root").public_key


def certificate(**changes: Any) -> bytes:
    message = replace(terminal_certificate(), **changes)
    return seal(message, key("terminal authority"), NETWORK).data


def answer(terminal: bytes | None = None) -> EnrolmentAnswer:
    return EnrolmentAnswer(
        certificate() if terminal is None else terminal,
        trust().data,
        signed_policy(policy(3)),
        denylist_step(0, 5, added=(b"purse-66",)),
    )


def test_a_request_is_signed_by_the_key_that_asks() -> None:
    request = enrolment_request("7Q2F9KXM", "a box", octets("nonce", 16), key("terminal"), NETWORK)

    assert open_signed(EnrolmentRequest, request.data, MINE, TEST).message == EnrolmentRequest(
        "7Q2F9KXM", MINE.compressed, "a box", octets("nonce", 16)
    )


def test_an_enrolled_terminal_starts_with_what_the_ledger_gave(tmp_path: Path) -> None:
    enrolment = open_enrolment(answer().encode(), MINE, ROOT, NETWORK, NOW_S)
    write_enrolment(tmp_path, enrolment)
    shop = Shop(tmp_path)

    assert shop.rulebook().rules == enrolment.rules
    identity = load_identity(tmp_path, enrolment.rules.trust, key("terminal"))
    assert (identity.network, identity.terminal_id) == (NETWORK, TERMINAL_ID)
    assert identity.certificate == enrolment.certificate
    assert identity.enrolled_at_s == terminal_certificate().not_before_s


def test_a_certificate_for_another_key_is_no_enrolment() -> None:
    other = certificate(public_key=key("somebody").public_key.compressed)

    with pytest.raises(UntrustedKey):
        open_enrolment(answer(other).encode(), MINE, ROOT, NETWORK, NOW_S)


def test_an_answer_that_the_pinned_root_does_not_vouch_for_is_none() -> None:
    stranger = key("another root").public_key

    with pytest.raises(UntrustedKey):
        open_enrolment(answer().encode(), MINE, stranger, NETWORK, NOW_S)


def test_an_ended_certificate_enrols_nobody_but_is_still_who_we_are(shop: Shop) -> None:
    ended = certificate(not_after_s=NOW_S - 1)
    with pytest.raises(Expired):
        open_enrolment(answer(ended).encode(), MINE, ROOT, NETWORK, NOW_S)

    (shop.directory / "certificate.cbor").write_bytes(ended)
    assert shop.terminal().terminal_id == TERMINAL_ID


@pytest.mark.parametrize("part", ["certificate", "trust", "policy", "denylist"])
def test_every_part_of_an_answer_has_to_hold(part: str) -> None:
    data = getattr(answer(), part)
    for damaged in (b"", data[:-1], data + b"\0", flipped(data, 70)):
        broken = replace(answer(), **{part: damaged}).encode()
        with pytest.raises(KSCoinError):
            open_enrolment(broken, MINE, ROOT, NETWORK, NOW_S)


@pytest.mark.parametrize("damage", [None, b"", b"\xd2\x84", b"half a file"])
def test_a_missing_or_damaged_certificate_is_named(shop: Shop, damage: bytes | None) -> None:
    file = shop.directory / "certificate.cbor"
    file.unlink()
    if damage is not None:
        file.write_bytes(damage)

    with pytest.raises(IdentityInvalid, match="certificate"):
        shop.terminal()


def test_another_key_is_not_this_terminal(shop: Shop) -> None:
    with pytest.raises(IdentityInvalid):
        load_identity(shop.directory, trust(), key("another terminal"))


def test_the_certificate_is_written_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []

    def note(path: Path, _data: bytes) -> None:
        written.append(path.name)

    monkeypatch.setattr("offline_queue.rulebook.write_durably", note)
    monkeypatch.setattr("offline_queue.denylist_files.write_durably", note)
    monkeypatch.setattr("offline_queue.terminal.write_durably", note)
    write_enrolment(tmp_path, open_enrolment(answer().encode(), MINE, ROOT, NETWORK, NOW_S))

    assert written == ["trust.cbor", "policy.cbor", "denylist.cbor", "certificate.cbor"]


def test_another_message_is_not_a_certificate(shop: Shop) -> None:
    request = EnrolmentRequest("code", MINE.compressed, "box", bytes(16))
    wrong = seal(request, key("terminal authority"), NETWORK)
    (shop.directory / "certificate.cbor").write_bytes(wrong.data)

    with pytest.raises(IdentityInvalid):
        shop.terminal()
