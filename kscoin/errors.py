"""The root of every error of the product, and the branches that belong to the language itself.

    KSCoinError
    ├── InvalidAmount           a text or number is not an amount of won
    ├── EncodingError           bytes are not KSP/1
    │   ├── TooLarge            over the size cap, refused before decoding
    │   ├── NotCanonical        decodes, but is not the one deterministic encoding
    │   ├── Malformed           a field is missing, of the wrong type or out of range
    │   └── NotKSCoin           a text that is not KS1 at all (a barcode, a web address)
    ├── VerificationError       a signature or certificate does not hold
    │   ├── BadSignature        the bytes were not signed by that key
    │   ├── WrongNetwork        they were, but for another network (a demo's card in a shop)
    │   ├── UntrustedKey        no authority of our trust list has that key for that purpose
    │   ├── Expired             valid once, not now
    │   ├── StaleVersion        a signed list is not newer than the one in force
    │   ├── NotForUs            sealed for another key, or altered on the way
    │   ├── PartsDiffer         each of them holds, and they are not about one thing
    │   └── BrokenChain         journal entries do not name the ones before them
    └── SpendingError           a debit does not fit on the purse's spending line
        ├── ExceedsCredit       it ends above what the ledger has reserved
        ├── Overlap             it spends won that another debit has spent
        └── NotAProof           two debits that were shown as a double spend are not one

Other rooms hang their own branches below the same root (`drivers/errors.py`,
`offline_queue/errors.py`, `ledger/errors.py`). No error derives from ValueError, so that no
`except ValueError` swallows one.
"""

from __future__ import annotations

from typing import ClassVar


class KSCoinError(Exception):
    """Something is wrong that a person or a caller can act on.

    `code` is stable and documented: screens and exit statuses are chosen by it. `is_retryable`
    says whether the same call may succeed later with nothing changed by us. `context` holds
    details for a log; it never holds a secret.
    """

    code: ClassVar[str] = "error"
    is_retryable: ClassVar[bool] = False

    def __init__(self, message: str, **context: object) -> None:
        super().__init__(message)
        self.context = context


class InvalidAmount(KSCoinError):
    """Raised for a text or number that is no amount of won; the caller asks for it again."""

    code = "invalid_amount"


class EncodingError(KSCoinError):
    """Raised for bytes that are not KSP/1; the caller refuses the message whole."""

    code = "encoding"


class TooLarge(EncodingError):
    """Raised before decoding when there are more bytes than the channel may carry."""

    code = "too_large"


class NotCanonical(EncodingError):
    """Raised when bytes decode but are not the one encoding of RFC 8949 section 4.2.1."""

    code = "not_canonical"


class Malformed(EncodingError):
    """Raised when a field is missing, unknown, of the wrong type or out of range."""

    code = "malformed"


class NotKSCoin(EncodingError):
    """Raised for a scanned text that does not claim to be KS1; it may be a barcode."""

    code = "not_kscoin"


class VerificationError(KSCoinError):
    """Raised when a message does not prove what it says; the caller believes none of it."""

    code = "verification"


class BadSignature(VerificationError):
    """Raised when the bytes were not signed by the expected key."""

    code = "bad_signature"


class WrongNetwork(VerificationError):
    """Raised when the expected key signed the bytes, but for another network of KSP/1."""

    code = "wrong_network"


class UntrustedKey(VerificationError):
    """Raised when no authority of the trust list holds the key for the purpose at hand."""

    code = "untrusted_key"


class Expired(VerificationError):
    """Raised when a certificate, authority or request is outside its validity."""

    code = "expired"


class StaleVersion(VerificationError):
    """Raised when a signed policy, denylist or trust list is not newer than ours."""

    code = "stale_version"


class NotForUs(VerificationError):
    """Raised when sealed bytes do not open: for another ledger, or not what was sealed."""

    code = "not_for_us"


class PartsDiffer(VerificationError):
    """Raised when messages that hold one by one were put together and are not about one thing."""

    code = "parts_differ"


class BrokenChain(VerificationError):
    """Raised when a journal entry does not follow the one before; `context` has its sequence."""

    code = "broken_chain"


class SpendingError(KSCoinError):
    """Raised when a debit does not fit on the purse's spending line (KSP/1 section 1)."""

    code = "spending"


class ExceedsCredit(SpendingError):
    """Raised when a debit ends above the ledger-signed credit_total, or is no interval at all."""

    code = "exceeds_credit"


class Overlap(SpendingError):
    """Raised when two different debits of one purse claim the same won."""

    code = "overlap"


class NotAProof(SpendingError):
    """Raised when a claimed double-spend proof does not prove one."""

    code = "not_a_proof"
