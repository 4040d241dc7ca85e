"""What the shop owns and is owed: verify a payment, keep it durably, settle it exactly once."""
