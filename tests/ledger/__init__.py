"""The ledger room, tested through kscoin's words and real databases."""
