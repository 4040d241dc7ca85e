"""The ledger's HTTP application, put together."""

from __future__ import annotations

from fastapi import FastAPI

from ledger.api.answers import answer_errors
from ledger.api.bell import PaidBell
from ledger.api.public import public_calls
from ledger.api.terminals import terminal_calls
from ledger.api.wallets import wallet_calls
from ledger.service import Ledger


def ledger_app(ledger: Ledger, bell: PaidBell) -> FastAPI:
    """Return the application that answers for `ledger`; `bell` ends the waiting at shutdown."""
    app = FastAPI(title="KS-Coin ledger", docs_url=None, redoc_url=None)
    answer_errors(app)
    app.include_router(terminal_calls(ledger, bell))
    app.include_router(wallet_calls(ledger, bell))
    app.include_router(public_calls(ledger))
    return app
