"""What wallets call. They sign what they send with their account's key."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response

from ledger.api.answers import cbor
from ledger.api.bell import PaidBell
from ledger.api.bodies import PAIR_BODY_BYTES, cbor_body
from ledger.service import Ledger


def wallet_calls(ledger: Ledger, bell: PaidBell) -> APIRouter:
    """Return the routes that wallets use."""
    router = APIRouter(prefix="/v1", tags=["wallets"])

    @router.post("/payments")
    async def pay(request: Request) -> Response:
        body = await cbor_body(request, PAIR_BODY_BYTES)
        receipt = await asyncio.to_thread(ledger.online.pay, body)
        bell.ring(receipt.message.request_hash)
        return cbor(receipt.data)

    return router
