"""A ledger of its own and a simulated customer, so that anyone can try the till. Marked DEMO."""
