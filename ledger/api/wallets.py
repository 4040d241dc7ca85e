"""What wallets call. They sign what they send with their account's key."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response

from kscoin.qr import ReceiptShown, to_text
from ledger.api.answers import cbor
from ledger.api.bell import PaidBell
from ledger.api.bodies import PAIR_BODY_BYTES, SMALL_BODY_BYTES, cbor_body
from ledger.api.contract import SIGNED, TEXT, gives_cbor, gives_cbor_or_text, takes_cbor
from ledger.service import Ledger


def wallet_calls(ledger: Ledger, bell: PaidBell) -> APIRouter:
    """Return the routes that wallets use."""
    router = APIRouter(prefix="/v1", tags=["wallets"], responses=SIGNED)

    @router.post(
        "/payments",
        response_class=Response,
        responses=gives_cbor_or_text("the signed Receipt"),
        openapi_extra=takes_cbor("a signed PaymentRequest and a signed OnlinePayment"),
    )
    async def pay(request: Request) -> Response:
        """Pay a terminal's request from a wallet's account; again, the same receipt.

        Who accepts text/plain gets it as the KS1 text that a wallet shows as a QR code.
        """
        body = await cbor_body(request, PAIR_BODY_BYTES)
        receipt = await asyncio.to_thread(ledger.online.pay, body)
        bell.ring(receipt.message.request_hash)
        if request.headers.get("accept", "").startswith(TEXT):
            return Response(to_text(ReceiptShown(receipt.data)), media_type=TEXT)
        return cbor(receipt.data)

    @router.post(
        "/accounts",
        response_class=Response,
        responses=gives_cbor("the signed AccountStatement of the wallet"),
        openapi_extra=takes_cbor("a signed AccountOpening"),
    )
    async def open_wallet(request: Request) -> Response:
        """Open the account of a key, which pays online; again, the same account."""
        body = await cbor_body(request, SMALL_BODY_BYTES)
        return cbor((await asyncio.to_thread(ledger.wallets.open, body)).data)

    @router.post(
        "/statements",
        response_class=Response,
        responses=gives_cbor("the signed AccountStatement of the wallet"),
        openapi_extra=takes_cbor("a signed StatementQuery"),
    )
    async def show_wallet(request: Request) -> Response:
        """Show a wallet its balance, its purses and what moved."""
        body = await cbor_body(request, SMALL_BODY_BYTES)
        return cbor((await asyncio.to_thread(ledger.wallets.statement, body)).data)

    @router.post(
        "/purse-orders",
        response_class=Response,
        responses=gives_cbor("the purse's newest PurseCertificate"),
        openapi_extra=takes_cbor("a signed PurseOrder"),
    )
    async def order(request: Request) -> Response:
        """Load a purse from a wallet's account, or close it; again, the same certificate."""
        body = await cbor_body(request, SMALL_BODY_BYTES)
        return cbor((await asyncio.to_thread(ledger.wallets.order, body)).data)

    return router
