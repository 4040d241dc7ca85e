"""The first schema: book, terminals, payments, purses, and what is published."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("owner_id", sa.LargeBinary(length=8), nullable=True),
        sa.Column("public_key", sa.LargeBinary(length=33), nullable=True),
        sa.Column("balance_won", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("is_frozen", sa.Boolean(), nullable=False),
        sa.Column("opened_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("balance_won >= 0 OR kind = 1", name=op.f("ck_accounts_not_overdrawn")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_accounts")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_accounts_owner_id"), "accounts", ["owner_id"], unique=False)
    op.create_table(
        "instructions",
        sa.Column("account_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("reference", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("amount_won", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("obeyed_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "reference", name=op.f("pk_instructions")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "bank_accounts",
        sa.Column("merchant_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("bank_code", sa.String(length=3), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("holder", sa.String(length=48), nullable=False),
        sa.Column("changed_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", name=op.f("pk_bank_accounts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "payout_runs",
        sa.Column("payout_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("minimum_won", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("started_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("made_at_s", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("confirmed_at_s", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("payout_id", name=op.f("pk_payout_runs")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "payouts",
        sa.Column("payout_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("merchant_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("amount_won", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("bank_code", sa.String(length=3), nullable=False),
        sa.Column("bank_number", sa.String(length=20), nullable=False),
        sa.Column("holder", sa.String(length=48), nullable=False),
        sa.Column("returned_number", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("payout_id", "merchant_id", name=op.f("pk_payouts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "batches",
        sa.Column("terminal_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("batch_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("batch_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("acknowledgement", sa.LargeBinary(), nullable=False),
        sa.Column("received_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint(
            "terminal_id", "batch_number", "batch_hash", name=op.f("pk_batches")
        ),
    )
    op.create_table(
        "codes",
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("merchant_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("kinds", sa.SmallInteger(), nullable=False),
        sa.Column("limit_class", sa.SmallInteger(), nullable=False),
        sa.Column("expires_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("used_by", sa.LargeBinary(length=32), nullable=True),
        sa.Column("terminal_id", sa.LargeBinary(length=8), nullable=True),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_codes")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "denials",
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("purse_id", sa.LargeBinary(length=8), nullable=True),
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("is_denied", sa.Boolean(), nullable=False),
        sa.Column("changed_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_denials")),
    )
    op.create_table(
        "double_spends",
        sa.Column("purse_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("debit_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("terminal_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.Column("verdict", sa.SmallInteger(), nullable=False),
        sa.Column("breach", sa.String(length=64), nullable=True),
        sa.Column("guaranteed_won", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("found_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("purse_id", "debit_hash", name=op.f("pk_double_spends")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "line",
        sa.Column("purse_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("end_won", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("start_won", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("debit_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("terminal_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seen_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("is_returned", sa.Boolean(), nullable=False),
        sa.Column("debit", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("purse_id", "end_won", name=op.f("pk_line")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "lost_taps",
        sa.Column("request_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("torn_at_id", sa.LargeBinary(length=8), nullable=True),
        sa.Column("reported_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("request_hash", name=op.f("pk_lost_taps")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "merchants",
        sa.Column("merchant_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("name", sa.String(length=48), nullable=False),
        sa.Column("added_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", name=op.f("pk_merchants")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "open_attempts",
        sa.Column("terminal_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("terminal_id", "request_hash", name=op.f("pk_open_attempts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "payments",
        sa.Column("terminal_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("means_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("means", sa.SmallInteger(), nullable=False),
        sa.Column("payer_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("amount_won", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("refunded_won", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("verdict", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("settled_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("receipt", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "refunded_won >= 0 AND refunded_won <= amount_won",
            name=op.f("ck_payments_not_over_refunded"),
        ),
        sa.PrimaryKeyConstraint("terminal_id", "request_hash", name=op.f("pk_payments")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "policies",
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_policies")),
    )
    op.create_table(
        "postings",
        sa.Column("account_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("amount_won", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "number", name=op.f("pk_postings")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "purses",
        sa.Column("purse_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("holder_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("public_key", sa.LargeBinary(length=33), nullable=False),
        sa.Column("assurance", sa.SmallInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("credit_total_won", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("released_won", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("guaranteed_won", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("not_after_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("opened_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("denied_at_s", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("closing_at_s", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("released_at_s", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("purse_id", name=op.f("pk_purses")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_purses_holder_id"), "purses", ["holder_id"], unique=False)
    op.create_index(
        "ix_purses_to_release",
        "purses",
        ["not_after_s"],
        unique=False,
        sqlite_where=sa.text("released_at_s IS NULL"),
        postgresql_where=sa.text("released_at_s IS NULL"),
    )
    op.create_table(
        "quarantine",
        sa.Column("terminal_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("batch_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("batch_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("acknowledgement", sa.LargeBinary(), nullable=False),
        sa.Column("received_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("known_head", sa.LargeBinary(length=32), nullable=False),
        sa.Column("released_at_s", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("verdicts", sa.LargeBinary(), nullable=True),
        sa.Column("told", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("terminal_id", "batch_hash", name=op.f("pk_quarantine")),
    )
    op.create_table(
        "refunds",
        sa.Column("terminal_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("refund_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("amount_won", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("verdict", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("judged_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("terminal_id", "refund_hash", name=op.f("pk_refunds")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "terminals",
        sa.Column("terminal_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("merchant_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("public_key", sa.LargeBinary(length=33), nullable=False),
        sa.Column("kinds", sa.SmallInteger(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("hardware", sa.String(length=128), nullable=False),
        sa.Column("enrolled_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("revoked_at_s", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("batch_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("head", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("heard_at_s", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("has_untold", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("terminal_id", name=op.f("pk_terminals")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_terminals_merchant_id"), "terminals", ["merchant_id"], unique=False)
    op.create_table(
        "transfers",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("reference", sa.LargeBinary(length=32), nullable=True),
        sa.Column("booked_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_transfers")),
    )
    op.create_table(
        "trust_lists",
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_trust_lists")),
    )
    op.create_table(
        "unpaid_debits",
        sa.Column("terminal_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("debit_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("purse_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("amount_won", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("verdict", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("judged_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint(
            "terminal_id", "request_hash", "debit_hash", name=op.f("pk_unpaid_debits")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "waiting_refunds",
        sa.Column("request_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("refund_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("terminal_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("merchant_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("amount_won", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("reported_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("judged_at_s", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("request_hash", "refund_hash", name=op.f("pk_waiting_refunds")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "witnesses",
        sa.Column("request_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("debit_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("purse_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("reporter_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("debit", sa.LargeBinary(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("reported_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("request_hash", "debit_hash", name=op.f("pk_witnesses")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_witnesses_purse_id"), "witnesses", ["purse_id"], unique=False)
    op.create_table(
        "tokens",
        sa.Column("token_id", sa.LargeBinary(length=8), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("role", sa.SmallInteger(), nullable=False),
        sa.Column("merchant_id", sa.LargeBinary(length=8), nullable=True),
        sa.Column("note", sa.String(length=64), nullable=False),
        sa.Column("made_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("expires_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("revoked_at_s", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_tokens")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "trail",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("noted_at_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("amount_won", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_trail")),
        sqlite_with_rowid=False,
    )
