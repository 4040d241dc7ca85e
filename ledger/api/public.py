"""What anyone may ask: status, policy, denylist, trust list and supply, signed where it matters."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from kscoin.codec import MAX_UINT
from ledger.api.answers import cbor, empty
from ledger.api.contract import ANYWHERE, NOTHING, gives_cbor
from ledger.api.views import HealthView, StatusView
from ledger.metrics import CONTENT_TYPE, Metrics
from ledger.service import Ledger

_PROMETHEUS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}}
}


def public_calls(ledger: Ledger, metrics: Metrics) -> APIRouter:
    """Return the routes that need no name."""
    router = APIRouter(tags=["public"], responses=ANYWHERE)

    @router.get("/healthz")
    def health() -> HealthView:
        """Say that the ledger can do its work: its database answers. 503 if it cannot."""
        ledger.published.status()
        return HealthView(status="ok")

    @router.get("/metrics", response_class=Response, responses=_PROMETHEUS)
    def prometheus() -> Response:
        """Return what is counted, in Prometheus' text format."""
        return Response(metrics.page(), media_type=CONTENT_TYPE)

    @router.get("/v1/status")
    def status() -> StatusView:
        """Return the network, the ledger's time and the versions of what is published."""
        return StatusView.of(ledger.published.status())

    @router.get("/v1/policy", response_class=Response, responses=gives_cbor("the signed Policy"))
    def policy() -> Response:
        """Return the policy in force."""
        return cbor(ledger.published.policy())

    @router.get("/v1/trust", response_class=Response, responses=gives_cbor("the trust list"))
    def trust() -> Response:
        """Return the trust list in force, signed by the roots."""
        return cbor(ledger.published.trust())

    @router.get(
        "/v1/denylist",
        response_class=Response,
        responses=gives_cbor("the signed DenylistUpdate") | NOTHING,
    )
    def denylist(from_version: Annotated[int, Query(ge=0, le=MAX_UINT)] = 0) -> Response:
        """Return the step from a version of the denylist to the newest."""
        step = ledger.published.denylist(from_version)
        return empty() if step is None else cbor(step)

    @router.get(
        "/v1/supply", response_class=Response, responses=gives_cbor("the signed SupplyStatement")
    )
    def supply() -> Response:
        """Return the won issued and in reserve, and their difference, which is always 0."""
        return cbor(ledger.books.signed_supply())

    return router
