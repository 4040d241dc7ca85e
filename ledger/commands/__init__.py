"""ks-ledger, the operator's commands: one file a group; `main` puts them together."""
