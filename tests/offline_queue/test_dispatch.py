"""What goes to the ledger, and what is believed of what comes back."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kscoin.entries import EntryKind, JournalEntry
from kscoin.errors import StaleVersion
from kscoin.messages import Acknowledgement, EntryVerdict, Verdict
from kscoin.signed import claim, seal
from offline_queue.dispatch import HEARTBEAT_MS
from offline_queue.errors import JournalDamaged, LedgerGarbled
from offline_queue.values import PendingEntry, StoredBatch
from tests.kscoin.parties import NETWORK, NOW_S, key, octets
from tests.offline_queue.desk import Desk, open_desk
from tests.offline_queue.shop import (
    Purse,
    Shop,
    acknowledgement,
    denylist_step,
    entries_in,
    flipped,
    receipt_for,
    settled,
)
from tests.offline_queue.test_journal import tamper


def next_batch(desk: Desk, entries_max: int = 2_000) -> StoredBatch:
    batch = desk.dispatch.next_batch(entries_max)
    assert batch is not None
    return batch


def sync(desk: Desk, ledger_time_s: int = NOW_S, **changes: Any) -> None:
    """Have everything acknowledged that waits."""
    while batch := desk.dispatch.next_batch():
        answer = acknowledgement(batch.data, ledger_time_s=ledger_time_s, **changes)
        desk.dispatch.acknowledge(answer)


def refused(entry: JournalEntry) -> EntryVerdict:
    is_payment = entry.kind is EntryKind.PAYMENT
    verdict = Verdict.REFUSED if is_payment else Verdict.RECORDED
    return EntryVerdict(entry.sequence, verdict, "double_spend" if is_payment else None)


def test_a_batch_holds_the_entries_as_they_are_stored(desk: Desk) -> None:
    desk.sell(Purse())
    batch = next_batch(desk)

    assert [entry.encode() for entry in entries_in(batch.data)] == [
        entry.encode() for entry in desk.journal()
    ]
    assert (batch.number, batch.first_sequence, batch.last_sequence) == (1, 1, 3)


def test_the_same_bytes_are_sent_until_they_are_acknowledged(shop: Shop, desk: Desk) -> None:
    purse = Purse()
    desk.sell(purse)
    batch = next_batch(desk)
    desk.sell(purse)

    assert next_batch(desk) == batch
    assert next_batch(desk, entries_max=1) == batch
    desk.close()
    again = open_desk(shop)
    assert next_batch(again) == batch

    again.dispatch.acknowledge(acknowledgement(batch.data))
    after = next_batch(again)
    assert (after.number, after.first_sequence) == (2, batch.last_sequence + 1)


def test_batches_follow_one_another_without_a_gap(desk: Desk) -> None:
    purse = Purse()
    for _ in range(3):
        desk.sell(purse)
    seen: list[JournalEntry] = []
    while desk.books.waiting_count:
        batch = next_batch(desk, entries_max=2)
        seen += entries_in(batch.data)
        desk.dispatch.acknowledge(acknowledgement(batch.data))

    assert seen == desk.journal()[: len(seen)]
    assert desk.standing.at_risk().unsettled_count == 0


def test_a_batch_keeps_below_the_cap_in_bytes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    purse = Purse()
    for _ in range(3):
        desk.sell(purse)
    # A cap that three entries reach, in place of one that takes a thousand payments.
    monkeypatch.setattr("offline_queue.batches.MAX_BATCH_BYTES", 3_000)

    batch = desk.dispatch.next_batch()

    assert batch is not None
    assert len(batch.data) <= 3_000
    assert batch.last_sequence < len(desk.journal())


def test_only_what_moves_money_starts_a_batch(desk: Desk) -> None:
    sync(desk)
    request = desk.teller.open_request(1_000)
    desk.teller.close_request(request.request_hash, "cancelled")
    assert desk.dispatch.next_batch() is None

    desk.teller.open_request(1_000)
    desk.teller.open_request(1_000)

    assert [entry.kind for entry in entries_in(next_batch(desk).data)][-2:] == [
        EntryKind.TORN,
        EntryKind.ATTEMPT,
    ]


def test_a_quiet_shop_speaks_up_now_and_then_and_after_a_boot(shop: Shop, desk: Desk) -> None:
    assert desk.dispatch.next_batch() is not None
    sync(desk)
    shop.clock.pass_s(HEARTBEAT_MS // 1_000 - 1)
    assert desk.dispatch.next_batch() is None
    shop.clock.pass_s(1)
    assert desk.dispatch.next_batch() is not None
    sync(desk, shop.clock.true_s)

    shop.clock.reboot()
    desk.close()
    assert open_desk(shop).dispatch.next_batch() is not None


def test_an_acknowledgement_settles_and_is_journalled_as_it_came(desk: Desk) -> None:
    stored = desk.sell(Purse())
    batch = next_batch(desk)
    answer = acknowledgement(batch.data)

    told = desk.dispatch.acknowledge(answer)

    assert desk.bodies(EntryKind.SYNC) == [answer]
    assert told.settled_requests == {stored.request_hash}
    assert (told.batch_number, told.entries, told.to_heed) == (1, 3, ())
    assert desk.dispatch.pending(9) == ()


def test_the_same_acknowledgement_again_changes_nothing(desk: Desk) -> None:
    desk.sell(Purse())
    answer = acknowledgement(next_batch(desk).data)
    first = desk.dispatch.acknowledge(answer)
    before = desk.kinds()

    assert desk.dispatch.acknowledge(answer) == first
    sync(desk)
    assert desk.dispatch.acknowledge(answer) == first
    assert desk.kinds() == before


def test_what_was_refused_stays_with_its_reason(shop: Shop, desk: Desk) -> None:
    stored = desk.sell(Purse())
    batch = next_batch(desk)

    told = desk.dispatch.acknowledge(acknowledgement(batch.data, refused))

    kept = PendingEntry(
        stored.sequence,
        EntryKind.PAYMENT,
        stored.request_hash,
        stored.short_code,
        1_000,
        NOW_S,
        Verdict.REFUSED,
        "double_spend",
    )
    assert told.to_heed == desk.dispatch.pending(9) == (kept,)
    assert told.settled_requests == frozenset()
    assert desk.standing.at_risk().unsettled_won == 0
    desk.close()
    assert open_desk(shop).dispatch.pending(9)[0] == kept


def test_what_is_quarantined_is_still_at_risk_until_it_is_judged(shop: Shop, desk: Desk) -> None:
    def quarantined(entry: JournalEntry) -> EntryVerdict:
        return EntryVerdict(entry.sequence, Verdict.QUARANTINED, "forked_head")

    stored = desk.sell(Purse())
    desk.dispatch.acknowledge(acknowledgement(next_batch(desk).data, quarantined))
    assert desk.standing.at_risk().unsettled_won == 1_000
    desk.close()
    again = open_desk(shop)
    assert again.standing.at_risk().unsettled_won == 1_000

    # A later acknowledgement may bring the operator's word on it.
    again.sell(Purse("another"))
    batch = next_batch(again)
    released = (
        EntryVerdict(stored.sequence, Verdict.SETTLED),
        *(settled(entry) for entry in entries_in(batch.data)),
    )
    again.dispatch.acknowledge(acknowledgement(batch.data, verdicts=released))
    assert again.standing.at_risk().unsettled_won == 0
    assert again.dispatch.pending(9) == ()


def test_to_heed_comes_before_what_waits_and_both_keep_the_limit(desk: Desk) -> None:
    desk.sell(Purse("first"))
    desk.dispatch.acknowledge(acknowledgement(next_batch(desk).data, refused))
    for name in ("second", "third"):
        desk.sell(Purse(name))

    pending = desk.dispatch.pending(2)

    assert [each.verdict for each in pending] == [Verdict.REFUSED, None]
    assert len(desk.dispatch.pending(9)) == 3


Forger = Callable[[StoredBatch], bytes]


def altered(**changes: Any) -> Forger:
    return lambda batch: acknowledgement(batch.data, **changes)


def _without_the_last(batch: StoredBatch) -> bytes:
    verdicts = tuple(settled(entry) for entry in entries_in(batch.data))
    return acknowledgement(batch.data, verdicts=verdicts[:-1])


def _with_one_unknown(batch: StoredBatch) -> bytes:
    verdicts = tuple(settled(entry) for entry in entries_in(batch.data))
    unknown = EntryVerdict(batch.last_sequence + 1, Verdict.SETTLED)
    return acknowledgement(batch.data, verdicts=(*verdicts, unknown))


def _with_one_twice(batch: StoredBatch) -> bytes:
    verdicts = tuple(settled(entry) for entry in entries_in(batch.data))
    return acknowledgement(batch.data, verdicts=(*verdicts, verdicts[0]))


def _by_another_authority(batch: StoredBatch) -> bytes:
    return _resealed(batch, "policy authority")


def _by_nobody(batch: StoredBatch) -> bytes:
    return _resealed(batch, "a thief")


def _of_another_network(batch: StoredBatch) -> bytes:
    return _resealed(batch, "receipt authority", "seoul")


def _resealed(batch: StoredBatch, name: str, network: str = NETWORK) -> bytes:
    message = claim(Acknowledgement, acknowledgement(batch.data))
    return seal(message, key(name), network).data


FORGERIES: dict[str, Forger] = {
    "of another terminal": altered(terminal_id=b"term-002"),
    "of a batch to come": altered(batch_number=2),
    "of another journal": altered(new_head=octets("another head", 32)),
    "of half the batch": _without_the_last,
    "of more than the batch": _with_one_unknown,
    "of one entry twice": _with_one_twice,
    "by another authority": _by_another_authority,
    "by nobody we know": _by_nobody,
    "of another network": _of_another_network,
    "with a bit changed": lambda batch: flipped(acknowledgement(batch.data), 200),
    "cut off": lambda batch: acknowledgement(batch.data)[:-1],
    "empty": lambda batch: b"",
    "another message": lambda batch: batch.data,
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_an_answer_that_is_not_the_ledger_s_to_our_batch_settles_nothing(
    desk: Desk, forge: Forger
) -> None:
    desk.sell(Purse())
    batch = next_batch(desk)
    before = desk.kinds()

    with pytest.raises(LedgerGarbled):
        desk.dispatch.acknowledge(forge(batch))

    assert desk.kinds() == before
    assert desk.standing.at_risk().unsettled_won == 1_000
    assert next_batch(desk) == batch


def test_an_acknowledgement_puts_a_wrong_clock_right(shop: Shop, desk: Desk) -> None:
    purse = Purse()
    desk.sell(purse)
    shop.clock.wall = NOW_S + 50 * 365 * 86_400
    desk.close()
    shop.clock.reboot()
    again = open_desk(shop)
    assert again.books.time().now_s > NOW_S + 10**9

    sync(again)

    assert again.books.time().now_s == NOW_S


@pytest.mark.parametrize(
    "change", ["signature = zeroblob(64)", "signature = randomblob(64)", "last_sequence = 2"]
)
def test_a_batch_that_has_changed_since_it_was_signed_is_not_sent(
    shop: Shop, desk: Desk, change: str
) -> None:
    desk.sell(Purse())
    next_batch(desk)
    desk.close()
    tamper(shop.journal_path, f"UPDATE batches SET {change}")

    with pytest.raises(JournalDamaged, match="batch 1"):
        open_desk(shop).dispatch.next_batch()


def test_a_journal_that_was_put_back_behind_its_acknowledgement_does_not_open(
    shop: Shop, desk: Desk
) -> None:
    desk.sell(Purse())
    sync(desk)
    desk.close()
    tamper(shop.journal_path, "UPDATE batches SET last_sequence = 2")

    with pytest.raises(JournalDamaged):
        open_desk(shop)


def test_receipts_wait_for_their_verdict_without_any_risk(desk: Desk) -> None:
    request = desk.teller.open_request(4_000)
    desk.teller.accept_receipt(request.request_hash, receipt_for(request))

    at_risk = desk.standing.at_risk()
    assert (at_risk.unsettled_won, at_risk.waiting_won, at_risk.waiting_count) == (0, 4_000, 1)
    sync(desk)
    assert desk.standing.at_risk().waiting_count == 0


def test_the_denylist_is_as_fresh_as_the_last_acknowledgement_that_named_it(
    shop: Shop, desk: Desk
) -> None:
    shop.clock.pass_s(25 * 3_600)
    assert desk.standing.at_risk().is_halved
    desk.sell(Purse())

    sync(desk, shop.clock.true_s)

    at_risk = desk.standing.at_risk()
    assert (at_risk.is_halved, at_risk.denylist_age_s) == (False, 0)
    desk.sell(Purse("another"))
    sync(desk, shop.clock.true_s, denylist_version=2)
    assert desk.standing.at_risk().denylist_age_s == 25 * 3_600


def test_a_denylist_ahead_of_a_restored_ledgers_is_as_fresh_as_its_word(
    shop: Shop, desk: Desk
) -> None:
    step = denylist_step(1, 2, added=(b"purse-77",), issued_at_s=NOW_S)
    desk.setup.rulebook.put_denylist([step], shop.clock.true_s)
    shop.clock.pass_s(25 * 3_600)
    desk.sell(Purse())

    sync(desk, shop.clock.true_s, denylist_version=1)

    assert desk.standing.at_risk().denylist_age_s == 0


def test_limits_return_with_an_acknowledgement(shop: Shop, desk: Desk) -> None:
    shop.clock.pass_s(73 * 3_600)
    assert desk.standing.at_risk().stopped_by == "denylist_too_old"

    sync(desk, shop.clock.true_s)

    assert desk.standing.at_risk().stopped_by is None
    assert desk.sell(Purse()).amount_won == 1_000


def test_a_policy_that_is_not_newer_is_not_taken(desk: Desk) -> None:
    policy = desk.setup.rulebook.rules.policy
    assert policy is not None
    older = seal(replace(policy.message, unsettled_max_won=1), key("policy authority"), NETWORK)

    with pytest.raises(StaleVersion):
        desk.setup.rulebook.put_policy(older.data, NOW_S)
    assert desk.standing.at_risk().limit_won == 3_000_000
