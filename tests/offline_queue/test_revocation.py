"""A revoked terminal stops selling, says why, and goes on uploading until it is enrolled anew."""

from pathlib import Path

import pytest

from kscoin.entries import EntryKind
from offline_queue.errors import TerminalRevoked
from tests.kscoin.parties import NOW_S
from tests.offline_queue.desk import Desk, open_desk
from tests.offline_queue.shop import Purse, Shop, acknowledgement

REVOKED_AT_S = NOW_S + 60


def sync(desk: Desk, revoked_at_s: int | None, after_s: int = 100) -> None:
    while batch := desk.dispatch.next_batch():
        answer = acknowledgement(
            batch.data, ledger_time_s=NOW_S + after_s, revoked_at_s=revoked_at_s
        )
        desk.dispatch.acknowledge(answer)


def test_a_revoked_terminal_opens_no_request_and_says_why(shop: Shop, desk: Desk) -> None:
    desk.sell(Purse())
    sync(desk, REVOKED_AT_S)

    with pytest.raises(TerminalRevoked) as refused:
        desk.teller.open_request(1_000)
    assert refused.value.context == {"revoked_at_s": REVOKED_AT_S}
    assert desk.standing.at_risk().stopped_by == "terminal_revoked"
    assert desk.kinds()[-1] is EntryKind.SYNC


def test_a_restart_does_not_make_it_forget(shop: Shop, desk: Desk) -> None:
    sync(desk, REVOKED_AT_S)
    desk.close()

    again = open_desk(shop)
    with pytest.raises(TerminalRevoked):
        again.teller.open_request(1_000)
    again.close()


def test_what_was_open_is_still_taken_and_sent(desk: Desk) -> None:
    purse = Purse()
    request = desk.teller.open_request(1_000)
    sync(desk, REVOKED_AT_S)

    desk.accept(request, purse.pay(request))

    assert desk.books.waiting_count == 1
    sync(desk, REVOKED_AT_S)
    assert desk.books.waiting_count == 0


def test_a_word_without_the_revocation_ends_it(shop: Shop, desk: Desk) -> None:
    sync(desk, REVOKED_AT_S)
    # A quarter of an hour: the next heartbeat.
    shop.clock.pass_s(900)
    sync(desk, None, after_s=1_000)

    assert desk.teller.open_request(1_000).signed.message.amount_won == 1_000
    assert desk.standing.at_risk().stopped_by is None


def test_a_terminal_that_was_enrolled_anew_sells(desk: Desk, memory: Path) -> None:
    sync(desk, REVOKED_AT_S)
    (memory / "anew").mkdir()

    # A new enrolment has a directory and a journal of its own: nothing in it is revoked.
    anew = open_desk(Shop(memory / "anew"))
    anew.sell(Purse())
    anew.close()
