"""A purse card behind the real pcscd, a whole terminal offline, and the ledger that settles it."""
