"""What anyone may ask: status, policy, denylist and trust list, all signed where it matters."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from kscoin.codec import MAX_UINT
from ledger.api.answers import cbor, empty
from ledger.metrics import CONTENT_TYPE, Metrics
from ledger.service import Ledger


def public_calls(ledger: Ledger, metrics: Metrics) -> APIRouter:
    """Return the routes that need no name."""
    router = APIRouter(tags=["public"])

    @router.get("/healthz")
    def health() -> dict[str, str]:
        ledger.published.status()
        return {"status": "ok"}

    @router.get("/metrics")
    def prometheus() -> Response:
        return Response(metrics.page(), media_type=CONTENT_TYPE)

    @router.get("/v1/status")
    def status() -> dict[str, Any]:
        return dataclasses.asdict(ledger.published.status())

    @router.get("/v1/policy")
    def policy() -> Response:
        return cbor(ledger.published.policy())

    @router.get("/v1/trust")
    def trust() -> Response:
        return cbor(ledger.published.trust())

    @router.get("/v1/denylist")
    def denylist(from_version: Annotated[int, Query(ge=0, le=MAX_UINT)] = 0) -> Response:
        step = ledger.published.denylist(from_version)
        return empty() if step is None else cbor(step)

    return router
