"""What the ledger says no to, and what goes wrong with its own disk and database.

    KSCoinError
    ├── Refusal                 the ledger understood, and says no; nothing has changed
    │   ├── NotFound            unknown_terminal, unknown_merchant, unknown_account, unknown_purse,
    │   │                       unknown_code, unknown_request, unknown_token,
    │   │                       unknown_payout, unknown_batch
    │   ├── NotAllowed          terminal_revoked, kind_not_allowed, account_frozen, purse_denied,
    │   │                       wrong_terminal, wrong_key, no_wallet, wrong_role,
    │   │                       purse_closing
    │   ├── Conflict            code_used, already_paid,
    │   │                       reference_used, account_taken, payout_unfinished,
    │   │                       payout_confirmed, key_taken
    │   │   └── BatchMissing    batch_missing: the batches before it are sent again first
    │   └── Unpayable           code_expired, request_expired, wrong_request, wrong_amount,
    │                           not_enough_won, over_balance_limit, order_expired
    ├── StoreError              the database did not do what it was asked
    │   ├── StoreBusy           a serialisation failure, deadlock or dead connection: try again
    │   └── StoreUnusable       it cannot be opened, or its schema is not ours
    │       └── StoreFull       a disk has no room left: the database's, or that of the keys
    ├── SetupError              the data directory lacks keys, or has them already
    ├── BackupDamaged           a backup was cut short or altered, or is none
    ├── WrongContentType        a request's body does not say that it is what the call takes
    └── BadToken                nobody is known by this token, or not any more

A `Refusal` carries its own stable `code`, listed above beside its class.
"""

from __future__ import annotations

from typing import ClassVar

from kscoin.errors import KSCoinError


class Refusal(KSCoinError):
    """Raised when the ledger says no; the caller shows why, and nothing has changed.

    `code` is the reason of this one refusal, as the table above lists them.
    """

    code: ClassVar[str] = "refused"

    def __init__(self, reason: str, message: str, **context: object) -> None:
        super().__init__(message, **context)
        self.reason = reason


class NotFound(Refusal):
    """Raised for an id or code that the ledger has never issued."""

    code = "not_found"


class NotAllowed(Refusal):
    """Raised when the one who asks may not do this, now or at all."""

    code = "not_allowed"


class Conflict(Refusal):
    """Raised when it has been done already, by another message than this one."""

    code = "conflict"


class BatchMissing(Conflict):
    """Raised for a batch that is ahead of what we have: we were restored from an older backup.

    The terminal sends again what comes after `batch_number`, its last batch that is still here.
    """

    code = "batch_missing"

    def __init__(self, batch_number: int) -> None:
        super().__init__(self.code, f"batch {batch_number} is the last that the ledger has")
        self.batch_number = batch_number


class Unpayable(Refusal):
    """Raised when the amount, the time or the balance does not permit it."""

    code = "unpayable"


class StoreError(KSCoinError):
    """Raised when the database did not do what it was asked; nothing was committed."""

    code = "store"


class StoreBusy(StoreError):
    """Raised when a transaction lost against others again and again; asking later may succeed."""

    code = "store_busy"
    is_retryable = True


class StoreUnusable(StoreError):
    """Raised when the database cannot be opened, or holds another schema; an operator looks."""

    code = "store_unusable"


class StoreFull(StoreUnusable):
    """Raised when a disk is full, the database's or that of the keys; an operator makes room."""

    code = "store_full"


class SetupError(KSCoinError):
    """Raised when a data directory is not set up, is set up already, or has the wrong secret."""

    code = "setup"


class BackupDamaged(KSCoinError):
    """Raised for a backup that was cut short or altered, or is none: nothing was written."""

    code = "backup_damaged"


class WrongContentType(KSCoinError):
    """Raised for a request whose body does not say that it is what the call takes."""

    code = "wrong_content_type"


class BadToken(KSCoinError):
    """Raised for a token that is missing, was never given out, has expired or was revoked."""

    code = "bad_token"
