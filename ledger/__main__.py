"""`python -m ledger`: the same as `ks-ledger`."""

from ledger.commands.main import main

if __name__ == "__main__":
    main()
