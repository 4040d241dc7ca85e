"""The coin's language (KSP/1), shared by card, phone, terminal and ledger: pure, no I/O, no clock, no threads."""
