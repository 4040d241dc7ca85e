"""The signed lists in force: newer ones only, durable, and never believed without a signature."""

from dataclasses import replace
from pathlib import Path

import pytest

from kscoin.certificates import seal_trust_list
from kscoin.errors import BadSignature, Malformed, StaleVersion, UntrustedKey
from kscoin.messages import Policy
from kscoin.policy import start_policy
from offline_queue.errors import DiskFailed, IdentityInvalid
from offline_queue.rulebook import Rulebook
from offline_queue.values import Versions
from tests.kscoin.parties import NETWORK, NOW_S, key, trust_list
from tests.offline_queue.shop import Shop, denylist_step, flipped, signed_policy

DENIED = b"purse-66"


def policy(version: int) -> Policy:
    return replace(start_policy(version, NOW_S), unsettled_max_won=version * 1_000)


def test_newer_lists_come_in_force_and_stay_over_a_restart(shop: Shop) -> None:
    book = shop.rulebook()

    assert book.put_policy(signed_policy(policy(4)), NOW_S).policy == 4
    step = denylist_step(1, 7, added=(DENIED,), epochs=(3,))
    assert book.put_denylist([step], NOW_S).denylist == 7
    roots = [key("root"), key("third root")]
    newer = trust_list(2, ("root", "third root"))
    assert book.put_trust(seal_trust_list(newer, roots, NETWORK)).trust == 2

    again = Rulebook.load(shop.directory)
    assert again.rules == book.rules
    assert again.rules.versions == Versions(trust=2, policy=4, denylist=7)
    assert again.rules.denylist.denies(DENIED, 0)
    assert again.rules.denylist.denies(b"nobody  ", 3)


@pytest.mark.parametrize("version", [0, 1])
def test_older_lists_are_refused(shop: Shop, version: int) -> None:
    book = shop.rulebook()
    before = book.rules

    with pytest.raises(StaleVersion):
        book.put_policy(signed_policy(policy(version)), NOW_S)
    with pytest.raises(StaleVersion):
        book.put_denylist([denylist_step(0, version)], NOW_S)
    with pytest.raises(StaleVersion):
        book.put_trust(seal_trust_list(trust_list(version), [key("root")], NETWORK))
    assert book.rules is before


def test_a_step_has_to_follow_and_to_arrive(shop: Shop) -> None:
    book = shop.rulebook()

    with pytest.raises(StaleVersion):
        book.put_denylist([denylist_step(2, 3, added=(DENIED,))], NOW_S)
    with pytest.raises(Malformed):
        book.put_denylist([denylist_step(1, 3, added=(DENIED,), whole=())], NOW_S)
    assert book.put_denylist([denylist_step(0, 3, added=(DENIED,))], NOW_S).denylist == 3


def test_lists_by_others_are_refused(shop: Shop) -> None:
    book = shop.rulebook()

    with pytest.raises(BadSignature):
        book.put_policy(flipped(signed_policy(policy(9)), -5), NOW_S)
    with pytest.raises(UntrustedKey):
        book.put_trust(seal_trust_list(trust_list(9), [key("thief")], NETWORK))


@pytest.mark.parametrize("damage", [b"", b"\xa0", b"not CBOR at all"])
def test_a_damaged_policy_or_denylist_counts_as_none(shop: Shop, damage: bytes) -> None:
    (shop.directory / "policy.cbor").write_bytes(damage)
    (shop.directory / "denylist.cbor").write_bytes(damage)

    book = shop.rulebook()

    assert book.rules.policy is None
    assert book.rules.versions == Versions(trust=1, policy=0, denylist=0)
    # The ledger's next answer heals both.
    assert book.put_policy(signed_policy(policy(1)), NOW_S).policy == 1
    assert book.put_denylist([denylist_step(0, 1)], NOW_S).denylist == 1
    assert shop.rulebook().rules.versions == Versions(trust=1, policy=1, denylist=1)


def test_a_denied_purse_cannot_be_cut_out_of_the_file(shop: Shop) -> None:
    shop.rulebook().put_denylist([denylist_step(0, 2, added=(DENIED,))], NOW_S)
    file = shop.directory / "denylist.cbor"
    data = file.read_bytes()
    assert DENIED in data

    file.write_bytes(data.replace(b"\x48" + DENIED, b"\x48purse-67"))

    assert shop.rulebook().rules.versions.denylist == 0


@pytest.mark.parametrize("damage", [None, b"", b"\x80", b"\x83\x60\x40\x40"])
def test_without_trust_there_is_nothing(shop: Shop, damage: bytes | None) -> None:
    file = shop.directory / "trust.cbor"
    file.unlink()
    if damage is not None:
        file.write_bytes(damage)

    with pytest.raises(IdentityInvalid):
        shop.rulebook()


def test_what_cannot_be_written_does_not_come_in_force(shop: Shop, tmp_path: Path) -> None:
    book = Rulebook(tmp_path / "gone", shop.rulebook().rules)

    with pytest.raises(DiskFailed):
        book.put_policy(signed_policy(policy(5)), NOW_S)
    assert book.rules.versions.policy == 1
