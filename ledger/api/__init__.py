"""The ledger over HTTP: bytes in, bytes out. It decides nothing about money."""
