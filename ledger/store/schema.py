"""The ledger's tables, the same on SQLite and PostgreSQL. Holds no query.

Every table's primary key begins with what it is sharded by. A purse's row, its spending line and
its double spends begin with the purse id; a terminal's row, batches and payments begin with the
terminal id; an account's postings begin with the account id (a purse's account has the purse's
id, a till's account its terminal's). There are no foreign keys and no sequences: both would tie
shards together. Without a rowid, SQLite keeps a table of small rows in its primary key itself:
half the pages to write. Rows of history are inserted and never changed; what a query needs of it
(balances, heads, totals) is kept beside it, so that no query grows with it.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
)

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id(name: str, *, key: bool = False, null: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary(8), primary_key=key, nullable=null)


def _hash(name: str, *, key: bool = False, null: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary(32), primary_key=key, nullable=null)


def _number(name: str, *, key: bool = False, null: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=null, autoincrement=False)


def _small(name: str) -> Column[int]:
    return Column(name, SmallInteger, nullable=False)


def _data(name: str, *, null: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=null)


def _text(name: str, length: int, *, null: bool = False) -> Column[str]:
    return Column(name, String(length), nullable=null)


# --- the book -----------------------------------------------------------------------------

accounts: Final = Table(
    "accounts",
    metadata,
    _id("account_id", key=True),
    _small("kind"),
    # Of a till the merchant, of a purse the holder's account; of others none.
    _id("owner_id", null=True),
    # Of a wallet the P-256 key that signs its online payments.
    Column("public_key", LargeBinary(33), nullable=True),
    _number("balance_won"),
    Column("is_frozen", Boolean, nullable=False),
    _number("opened_at_s"),
    # Kind 1 is the reserve, the one account that owes what all others hold.
    CheckConstraint("balance_won >= 0 OR kind = 1", name="not_overdrawn"),
    Index(None, "owner_id"),
    sqlite_with_rowid=False,
)

transfers: Final = Table(
    "transfers",
    metadata,
    _number("number", key=True),
    _small("kind"),
    # The id of what caused it: a request hash, a message id, a payout.
    _hash("reference", null=True),
    _number("booked_at_s"),
)

postings: Final = Table(
    "postings",
    metadata,
    _id("account_id", key=True),
    _number("number", key=True),
    _number("amount_won"),
    sqlite_with_rowid=False,
)

instructions: Final = Table(
    "instructions",
    metadata,
    # An order about an account that was obeyed, by the reference that its giver chose: the same
    # order again gets the same answer, another one with the same reference is refused.
    _id("account_id", key=True),
    _hash("reference", key=True),
    _small("kind"),
    _number("amount_won"),
    # The transfer that it made, if it moved won.
    _number("number", null=True),
    # What was answered, if more than the number: a purse's certificate.
    _data("answer", null=True),
    _number("obeyed_at_s"),
    sqlite_with_rowid=False,
)

# --- merchants and terminals --------------------------------------------------------------

merchants: Final = Table(
    "merchants",
    metadata,
    _id("merchant_id", key=True),
    _text("name", 48),
    _number("added_at_s"),
    sqlite_with_rowid=False,
)

codes: Final = Table(
    "codes",
    metadata,
    # SHA-256 of the code; the code itself is shown once and kept nowhere.
    _hash("code_hash", key=True),
    _id("merchant_id"),
    _small("kinds"),
    _small("limit_class"),
    _number("expires_at_s"),
    # The id of the one EnrolmentRequest that has used it, and the terminal it made.
    _hash("used_by", null=True),
    _id("terminal_id", null=True),
    sqlite_with_rowid=False,
)

terminals: Final = Table(
    "terminals",
    metadata,
    _id("terminal_id", key=True),
    _id("merchant_id"),
    Column("public_key", LargeBinary(33), nullable=False),
    _small("kinds"),
    _data("certificate"),
    _text("hardware", 128),
    _number("enrolled_at_s"),
    _number("revoked_at_s", null=True),
    # Where its journal stands: the last batch that was settled, and its head.
    _number("batch_number"),
    _hash("head"),
    _number("sequence"),
    # When it last sent a batch that was settled.
    _number("heard_at_s", null=True),
    # Whether verdicts on entries that had been quarantined wait for its next batch.
    Column("has_untold", Boolean, nullable=False),
    Index(None, "merchant_id"),
    sqlite_with_rowid=False,
)

batches: Final = Table(
    "batches",
    metadata,
    _id("terminal_id", key=True),
    # A terminal that went on from a rolled-back journal uses a number twice, for other batches.
    _number("batch_number", key=True),
    _hash("batch_hash", key=True),
    # The whole signed batch: the entries that it carries are kept here and nowhere else.
    _data("data"),
    _data("acknowledgement"),
    _number("received_at_s"),
)

quarantine: Final = Table(
    "quarantine",
    metadata,
    _id("terminal_id", key=True),
    _hash("batch_hash", key=True),
    _number("batch_number"),
    _text("reason", 64),
    _data("data"),
    _data("acknowledgement"),
    _number("received_at_s"),
    # Where the ledger held the journal to stand when this came.
    _hash("known_head"),
    # When an operator had it judged, the verdicts (CBOR), and how many of these its terminal has
    # been told; none of them if the journal did not go on from here.
    _number("released_at_s", null=True),
    _data("verdicts", null=True),
    _number("told"),
)

# --- payouts ------------------------------------------------------------------------------

bank_accounts: Final = Table(
    "bank_accounts",
    metadata,
    # Where a merchant is paid out to.
    _id("merchant_id", key=True),
    _text("bank_code", 3),
    _text("number", 20),
    _text("holder", 48),
    _number("changed_at_s"),
    sqlite_with_rowid=False,
)

payout_runs: Final = Table(
    "payout_runs",
    metadata,
    # Made of the reference that its operator chose. The won of a run lie on an account with this
    # id, and nowhere else, from the merchants' tills until the bank has them.
    _id("payout_id", key=True),
    _text("reference", 64),
    _number("minimum_won"),
    # What is left in each till for the refunds of the days to come.
    _number("keep_won"),
    _number("started_at_s"),
    # Since when no merchant is added to it.
    _number("made_at_s", null=True),
    # When the bank had carried it out, and the transfer to the reserve.
    _number("confirmed_at_s", null=True),
    _number("number", null=True),
    sqlite_with_rowid=False,
)

payouts: Final = Table(
    "payouts",
    metadata,
    # What one merchant gets of a run, and the account it went to as it was then.
    _id("payout_id", key=True),
    _id("merchant_id", key=True),
    _number("amount_won"),
    _number("number"),
    _text("bank_code", 3),
    _text("bank_number", 20),
    _text("holder", 48),
    # The transfer that brought it back, where the bank could not pay it.
    _number("returned_number", null=True),
    sqlite_with_rowid=False,
)

# --- payments -----------------------------------------------------------------------------

payments: Final = Table(
    "payments",
    metadata,
    # A request that the merchant has been paid for; it can be paid once.
    _id("terminal_id", key=True),
    _hash("request_hash", key=True),
    # The id of the signed Debit or OnlinePayment that paid it.
    _hash("means_hash"),
    _small("means"),
    # The purse or the account that paid.
    _id("payer_id"),
    _number("amount_won"),
    _number("refunded_won"),
    _small("kind"),
    _small("verdict"),
    _number("number"),
    _number("created_at_s"),
    _number("settled_at_s"),
    # The signed receipt of an online payment.
    _data("receipt", null=True),
    CheckConstraint("refunded_won >= 0 AND refunded_won <= amount_won", name="not_over_refunded"),
    sqlite_with_rowid=False,
)

refunds: Final = Table(
    "refunds",
    metadata,
    # The terminal that gave it, and the id of its signed Refund or Void.
    _id("terminal_id", key=True),
    _hash("refund_hash", key=True),
    _hash("request_hash"),
    # 8 a refund, 9 a void: the kind of the transfer that it asks for.
    _small("kind"),
    # What came back to the payer; 0 while it waits, and if it was refused.
    _number("amount_won"),
    _small("verdict"),
    _text("reason", 64, null=True),
    _number("number", null=True),
    _number("judged_at_s"),
    sqlite_with_rowid=False,
)

waiting_refunds: Final = Table(
    "waiting_refunds",
    metadata,
    # A refund or void whose payment another terminal of the merchant has still to report.
    _hash("request_hash", key=True),
    _hash("refund_hash", key=True),
    _id("terminal_id"),
    _id("merchant_id"),
    _small("kind"),
    # Of a refund what it gives back; of a void none: all that was paid.
    _number("amount_won", null=True),
    _number("reported_at_s"),
    # When its payment arrived and it was judged anew.
    _number("judged_at_s", null=True),
    sqlite_with_rowid=False,
)

unpaid_debits: Final = Table(
    "unpaid_debits",
    metadata,
    # A verified debit that the merchant was not paid for: refused, or returned to the payer.
    _id("terminal_id", key=True),
    _hash("request_hash", key=True),
    _hash("debit_hash", key=True),
    _id("purse_id"),
    _number("amount_won"),
    _small("verdict"),
    _text("reason", 64),
    _number("number", null=True),
    _number("judged_at_s"),
    sqlite_with_rowid=False,
)

open_attempts: Final = Table(
    "open_attempts",
    metadata,
    # A request whose outcome was not in the same batch: what a torn tap may name later.
    _id("terminal_id", key=True),
    _hash("request_hash", key=True),
    _number("created_at_s"),
    sqlite_with_rowid=False,
)

lost_taps: Final = Table(
    "lost_taps",
    metadata,
    # Where a torn tap and its witness meet: whoever comes second finds the row and locks it.
    _hash("request_hash", key=True),
    # The terminal that asked and got no answer; none until it has said so.
    _id("torn_at_id", null=True),
    _number("reported_at_s"),
    sqlite_with_rowid=False,
)

witnesses: Final = Table(
    "witnesses",
    metadata,
    _hash("request_hash", key=True),
    _hash("debit_hash", key=True),
    _id("purse_id"),
    # The terminal that met the card later and reported it.
    _id("reporter_id"),
    _data("debit"),
    _data("certificate"),
    _number("reported_at_s"),
    # Each further debit of the purse is held against what was met on it.
    Index(None, "purse_id"),
    sqlite_with_rowid=False,
)

# --- purses -------------------------------------------------------------------------------

purses: Final = Table(
    "purses",
    metadata,
    _id("purse_id", key=True),
    _id("holder_id"),
    Column("public_key", LargeBinary(33), nullable=False),
    _small("assurance"),
    _number("epoch"),
    _number("credit_total_won"),
    # What has been given back to the holder from the unspent reserve (expiry, loss, defunding).
    _number("released_won"),
    # What the guarantee fund has paid because of this purse.
    _number("guaranteed_won"),
    # The latest end of any certificate of this purse: a debit may arrive until then and later.
    _number("not_after_s"),
    _number("opened_at_s"),
    _number("denied_at_s", null=True),
    # Since when it is not renewed any more, because it is lost or its holder wants the won back.
    _number("closing_at_s", null=True),
    # When what was left of its reserve went back to the holder; its account is empty from then on.
    _number("released_at_s", null=True),
    # The newest certificate.
    _data("certificate"),
    Index(None, "holder_id"),
    sqlite_with_rowid=False,
)

# Finds the purses whose certificates have ended; those that were released are not in it.
Index(
    "ix_purses_to_release",
    purses.c.not_after_s,
    sqlite_where=purses.c.released_at_s.is_(None),
    postgresql_where=purses.c.released_at_s.is_(None),
)

line: Final = Table(
    "line",
    metadata,
    # The disjoint stretches (start, end] of a purse's spending line that have been spent.
    _id("purse_id", key=True),
    _number("end_won", key=True),
    _number("start_won"),
    _hash("debit_hash"),
    _hash("request_hash"),
    _id("terminal_id"),
    _number("number"),
    _number("seen_at_s"),
    # Whether the won went back to the holder: a torn tap, or a request that was paid twice.
    Column("is_returned", Boolean, nullable=False),
    # The signed debit, kept for the proof if another overlaps it.
    _data("debit"),
    sqlite_with_rowid=False,
)

double_spends: Final = Table(
    "double_spends",
    metadata,
    _id("purse_id", key=True),
    # The debit that came second.
    _hash("debit_hash", key=True),
    _id("terminal_id"),
    # A DoubleSpendProof, or an ExcessProof where one debit alone exceeds what was reserved.
    _data("proof"),
    _small("verdict"),
    # How the terminal broke policy, if it did.
    _text("breach", 64, null=True),
    _number("guaranteed_won"),
    _number("created_at_s"),
    _number("found_at_s"),
    sqlite_with_rowid=False,
)

# --- what is published --------------------------------------------------------------------

denials: Final = Table(
    "denials",
    metadata,
    # Each change of the denylist is one version of it.
    _number("version", key=True),
    _id("purse_id", null=True),
    _number("epoch", null=True),
    Column("is_denied", Boolean, nullable=False),
    _number("changed_at_s"),
)

policies: Final = Table(
    "policies",
    metadata,
    _number("version", key=True),
    _data("data"),
    _number("issued_at_s"),
)

trust_lists: Final = Table(
    "trust_lists",
    metadata,
    _number("version", key=True),
    _data("data"),
    _number("issued_at_s"),
)

# --- who may do what, and who has ----------------------------------------------------------

tokens: Final = Table(
    "tokens",
    metadata,
    _id("token_id", key=True),
    # SHA-256 of the secret; the token itself is shown once and kept nowhere.
    _hash("secret_hash"),
    _small("role"),
    # Of a merchant's token the merchant; of the others none.
    _id("merchant_id", null=True),
    _text("note", 64),
    _number("made_at_s"),
    _number("expires_at_s"),
    _number("revoked_at_s", null=True),
    sqlite_with_rowid=False,
)

trail: Final = Table(
    "trail",
    metadata,
    # Rises with time; rows are added and never changed.
    _number("number", key=True),
    _number("noted_at_s"),
    # A token by its id, a user of the command line by name, or the ledger itself.
    _text("actor", 64),
    _text("action", 32),
    # What it was done to: an id in hexadecimal, or nothing.
    _text("subject", 64),
    _number("amount_won"),
    # "done", or the reason of the refusal.
    _text("outcome", 64),
    sqlite_with_rowid=False,
)
