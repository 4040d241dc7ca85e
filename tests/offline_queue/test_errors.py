"""The tree of errors is the one that its docstring draws; its codes are stable."""

from collections.abc import Iterator

from kscoin.errors import KSCoinError
from offline_queue import errors


def ours(error: type[KSCoinError]) -> Iterator[type[KSCoinError]]:
    for branch in error.__subclasses__():
        if branch.__module__ == errors.__name__:
            yield branch
            yield from ours(branch)


def test_the_docstring_draws_them_all() -> None:
    lines = (errors.__doc__ or "").splitlines()
    drawn = [line.split("── ")[1].split()[0] for line in lines if "──" in line]

    assert drawn == [error.__name__ for error in ours(KSCoinError)]


def test_codes_and_what_may_be_tried_again_are_stable() -> None:
    assert {error.code: error.is_retryable for error in ours(KSCoinError)} == {
        "declined": False,
        "terminal_expired": False,
        "terminal_revoked": False,
        "kind_not_allowed": False,
        "no_such_request": False,
        "request_closed": False,
        "wrong_request": False,
        "request_expired": False,
        "already_paid": False,
        "wrong_purse": False,
        "wrong_amount": False,
        "purse_denied": False,
        "already_taken": False,
        "over_payment_limit": False,
        "over_purse_limit": False,
        "over_terminal_limit": False,
        "offline_too_long": False,
        "denylist_too_old": False,
        "no_policy": False,
        "not_given_back": False,
        "no_such_payment": False,
        "not_paid_out": False,
        "already_voided": False,
        "refunded_already": False,
        "refund_too_large": False,
        "void_too_late": False,
        "no_such_day": False,
        "queue": False,
        "journal_locked": True,
        "no_journal": False,
        "journal_damaged": False,
        "journal_behind": False,
        "mirror_missing": True,
        "mirror_full": True,
        "mirror_differs": False,
        "journal_too_new": False,
        "wrong_terminal": False,
        "disk_full": True,
        "disk_failed": True,
        "queue_stopped": False,
        "identity_invalid": False,
        "ledger": False,
        "ledger_unreachable": True,
        "ledger_failing": True,
        "ledger_behind": True,
        "ledger_refused": False,
        "ledger_garbled": True,
    }
