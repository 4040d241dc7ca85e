"""The coin's language (KSP/1), shared by card, phone, terminal and ledger.

Pure: no I/O, no clock, no threads, and nothing of the other rooms.
"""
