"""The ledger's HTTP application, put together."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from ledger import logs
from ledger.api import holders, merchants, oversight, treasury
from ledger.api.answers import answer_errors
from ledger.api.bell import PaidBell
from ledger.api.edge import Edge
from ledger.api.public import public_calls
from ledger.api.terminals import terminal_calls
from ledger.api.wallets import wallet_calls
from ledger.metrics import Answered, Gauges, Metrics
from ledger.service import Ledger
from ledger.store.gauges import quarantined_count

TITLE = "KS-Coin ledger"


def ledger_app(ledger: Ledger, bell: PaidBell, body_s: float) -> ASGIApp:
    """Return the application that answers for `ledger`, counted and written down.

    `bell` ends the waiting at shutdown; a body may take `body_s` seconds to come.
    """
    metrics = Metrics(lambda: _gauges(ledger))

    def on_answered(request: Answered) -> None:
        metrics.answered(request)
        logs.event(
            "answered",
            method=request.method,
            route=request.route,
            status=request.status,
            ms=round(request.seconds * 1_000, 1),
            body_bytes=request.body_bytes,
        )

    return Edge(calls(ledger.metered(metrics), bell, metrics), body_s, metrics.begun, on_answered)


class _Calls(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI, without the one answer that FastAPI claims and we never give."""
        described = super().openapi()
        described["components"]["schemas"].pop("HTTPValidationError", None)
        described["components"]["schemas"].pop("ValidationError", None)
        for operations in described["paths"].values():
            for operation in operations.values():
                if "HTTPValidationError" in str(operation["responses"].get("422")):
                    del operation["responses"]["422"]
        return described


def calls(ledger: Ledger, bell: PaidBell, metrics: Metrics) -> FastAPI:
    """Return every route, described in its OpenAPI."""
    app = _Calls(title=TITLE, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.ledger = ledger
    answer_errors(app)
    app.include_router(terminal_calls(ledger, bell))
    app.include_router(wallet_calls(ledger, bell))
    app.include_router(public_calls(ledger, metrics))
    for each in (merchants, holders, treasury, oversight):
        app.include_router(each.router)
    return app


def _gauges(ledger: Ledger) -> Gauges:
    supply = ledger.books.recent_supply()
    waiting = ledger.office.store.read(quarantined_count)
    return Gauges(supply.issued_won, supply.reserve_won, waiting)
