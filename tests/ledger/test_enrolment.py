"""One-time codes and the terminals that they bring in (KSP/1 section 12)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from kscoin.bundle import EnrolmentAnswer
from kscoin.certificates import open_authorised, open_terminal_certificate, pin_trust
from kscoin.codec import MAX_BATCH_BYTES
from kscoin.errors import BadSignature, Malformed
from kscoin.messages import DenylistUpdate, EnrolmentRequest, PaymentKind, Policy, Purpose
from kscoin.policy import Denylist
from kscoin.signed import seal
from ledger.errors import Conflict, NotFound, Unpayable
from tests.ledger.world import NETWORK, World, new_key

DAY_S = 86_400


def test_a_code_brings_a_terminal_all_that_it_needs(world: World) -> None:
    merchant_id, key = world.merchant("마포 국수"), new_key()
    code = world.ledger.merchants.new_code(merchant_id, limit_class=3)
    answer = EnrolmentAnswer.decode(world.ledger.terminals.enrol(world.enrolment(code, key)))
    trust = pin_trust(answer.trust, world.root, NETWORK)
    certificate = open_terminal_certificate(answer.certificate, trust, world.clock()).message
    assert certificate.public_key == key.public_key.compressed
    assert (certificate.merchant_id, certificate.merchant_name) == (merchant_id, "마포 국수")
    assert certificate.limit_class == 3
    assert all(certificate.allows(kind) for kind in PaymentKind)
    policy = open_authorised(Policy, Purpose.POLICY, answer.policy, trust, world.clock()).message
    assert policy.version == 1
    update = open_authorised(
        DenylistUpdate, Purpose.POLICY, answer.denylist, trust, world.clock(), MAX_BATCH_BYTES
    )
    assert Denylist().updated(update.message).version == 1


def test_a_code_works_however_it_is_typed(world: World) -> None:
    code = world.ledger.merchants.new_code(world.merchant())
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    world.ledger.terminals.enrol(world.enrolment(typed, new_key()))


def test_the_same_request_gets_the_same_certificate_again(world: World) -> None:
    merchant_id, key = world.merchant(), new_key()
    request = world.enrolment(world.ledger.merchants.new_code(merchant_id), key)
    first = EnrolmentAnswer.decode(world.ledger.terminals.enrol(request))
    world.clock.now_s += 10 * DAY_S
    again = EnrolmentAnswer.decode(world.ledger.terminals.enrol(request))
    assert again.certificate == first.certificate
    assert len(world.ledger.terminals.of(merchant_id)) == 1


def test_a_code_works_once(world: World) -> None:
    code = world.ledger.merchants.new_code(world.merchant())
    world.ledger.terminals.enrol(world.enrolment(code, new_key()))
    with pytest.raises(Conflict) as caught:
        world.ledger.terminals.enrol(world.enrolment(code, new_key()))
    assert caught.value.reason == "code_used"


def test_many_at_once_with_one_code_bring_in_one_terminal(postgres_world: World) -> None:
    world, merchant_id = postgres_world, postgres_world.merchant()
    code = world.ledger.merchants.new_code(merchant_id)
    requests = [world.enrolment(code, new_key()) for _ in range(8)]

    def enrol(request: bytes) -> bool:
        try:
            world.ledger.terminals.enrol(request)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(enrol, requests)) == 1
    assert len(world.ledger.terminals.of(merchant_id)) == 1


def test_a_code_expires(world: World) -> None:
    code = world.ledger.merchants.new_code(world.merchant())
    world.clock.now_s += DAY_S + 1
    with pytest.raises(Unpayable) as caught:
        world.ledger.terminals.enrol(world.enrolment(code, new_key()))
    assert caught.value.reason == "code_expired"


def test_a_code_that_was_never_given_is_unknown(world: World) -> None:
    with pytest.raises(NotFound) as caught:
        world.ledger.terminals.enrol(world.enrolment("AAAA-AAAA-AAAA-AAAA", new_key()))
    assert caught.value.reason == "unknown_code"


def test_a_key_that_is_not_its_own_is_not_certified(world: World) -> None:
    code = world.ledger.merchants.new_code(world.merchant())
    request = EnrolmentRequest(code, new_key().public_key.compressed, "test", bytes(16))
    with pytest.raises(BadSignature):
        world.ledger.terminals.enrol(seal(request, new_key(), NETWORK).data)


def test_a_code_needs_a_merchant(world: World) -> None:
    with pytest.raises(NotFound) as caught:
        world.ledger.merchants.new_code(b"stranger")
    assert caught.value.reason == "unknown_merchant"


@pytest.mark.parametrize("name", ["", "국" * 17, "Mapo\nNoodles"])
def test_a_merchant_has_a_name_that_fits_on_a_slip(sqlite_world: World, name: str) -> None:
    with pytest.raises(Malformed):
        sqlite_world.ledger.merchants.add(name)


def test_merchants_are_listed_by_name(world: World) -> None:
    for name in ("Sinchon Books", "Mapo Noodles"):
        world.merchant(name)
    assert [each.name for each in world.ledger.merchants.all()] == ["Mapo Noodles", "Sinchon Books"]


def test_an_unknown_terminal_cannot_be_revoked(world: World) -> None:
    with pytest.raises(NotFound):
        world.ledger.terminals.revoke(b"stranger")
