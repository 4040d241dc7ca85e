"""An outage drill without a window: the till, its queue and a ledger, and all that can go wrong."""
