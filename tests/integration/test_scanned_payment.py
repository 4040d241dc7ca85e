"""A QR code as bytes on a pseudo-terminal, a whole terminal, and the ledger that settles it."""
