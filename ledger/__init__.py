"""The KS-Coin ledger node: settles, certifies and answers. It knows no till and no device."""
