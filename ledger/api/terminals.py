"""What terminals call: enrolment, batches, and waiting for a receipt. They sign what they send."""

from __future__ import annotations

import asyncio
import os
from contextlib import nullcontext
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from kscoin.courier import MAX_SHIPMENT_BYTES
from kscoin.messages import PaymentRequest
from kscoin.signed import Signed
from ledger.api.answers import cbor, empty
from ledger.api.bell import PaidBell
from ledger.api.bodies import BATCH_BODY_BYTES, SMALL_BODY_BYTES, cbor_body
from ledger.api.contract import NOTHING, SIGNED, gives_cbor, takes_cbor
from ledger.api.lookout import Lookout
from ledger.service import Ledger

# What a journal without a line brings: a few dozen entries and more. A payment or two is less.
LONG_BATCH_BYTES: Final = 16_384
# So many of them are in hand at once, and others wait before they take a thread: after an outage
# every terminal sends one, and who pays online meanwhile does not stand behind them all. asyncio
# has four threads more than there are cores, and at most 32.
LONG_BATCHES_MAX: Final = min((os.cpu_count() or 1) + 1, 29)
# Below the 60 s after which many proxies cut a silent connection.
WAIT_S_MAX: Final = 50


def terminal_calls(ledger: Ledger, bell: PaidBell) -> APIRouter:
    """Return the routes that terminals use."""
    router = APIRouter(prefix="/v1", tags=["terminals"], responses=SIGNED)
    lookout = Lookout(ledger, bell)
    long_batches = asyncio.Semaphore(LONG_BATCHES_MAX)

    @router.post(
        "/enrolments",
        response_class=Response,
        responses=gives_cbor("certificate, trust list, policy and denylist"),
        openapi_extra=takes_cbor("a signed EnrolmentRequest"),
    )
    async def enrol(request: Request) -> Response:
        """Make a machine a terminal with a one-time code; again, the same certificate."""
        body = await cbor_body(request, SMALL_BODY_BYTES)
        return cbor(await asyncio.to_thread(ledger.terminals.enrol, body))

    @router.post(
        "/batches",
        response_class=Response,
        responses=gives_cbor("the signed Acknowledgement"),
        openapi_extra=takes_cbor("a signed Batch"),
    )
    async def settle_batch(request: Request) -> Response:
        """Settle a stretch of a terminal's journal; again, the same bytes."""
        body = await cbor_body(request, BATCH_BODY_BYTES)
        async with long_batches if len(body) > LONG_BATCH_BYTES else nullcontext():
            return cbor(await asyncio.to_thread(ledger.batches.settle, body))

    @router.post(
        "/courier",
        response_class=Response,
        responses=gives_cbor("the reply: acknowledgements, and newer lists"),
        openapi_extra=takes_cbor("a shipment of sealed parcels, each signed by the terminal"),
    )
    async def accept_courier(request: Request) -> Response:
        """Settle what anyone brings from a terminal without a line; again, the same answers."""
        body = await cbor_body(request, MAX_SHIPMENT_BYTES)
        async with long_batches:
            return cbor((await asyncio.to_thread(ledger.courier.accept, body)).reply)

    @router.post(
        "/receipts",
        response_class=Response,
        responses=gives_cbor("the signed Receipt") | NOTHING,
        openapi_extra=takes_cbor("a signed PaymentRequest, by which the terminal is known"),
    )
    async def receipt(
        request: Request, wait_s: Annotated[int, Query(ge=0, le=WAIT_S_MAX)] = 0
    ) -> Response:
        """Return the receipt of a request that was paid online; waits for it if asked to."""
        body = await cbor_body(request, SMALL_BODY_BYTES)
        asked = await asyncio.to_thread(ledger.online.verified_request, body)
        found = await _receipt(ledger, bell, lookout, asked, wait_s)
        return empty() if found is None else cbor(found)

    @router.post(
        "/renewals",
        response_class=Response,
        responses=gives_cbor("the purse's newest certificate") | NOTHING,
        openapi_extra=takes_cbor("a signed RenewalQuery"),
    )
    async def renew(request: Request) -> Response:
        """Return a newer certificate of a purse that a terminal has met, if there is one."""
        body = await cbor_body(request, SMALL_BODY_BYTES)
        newer = await asyncio.to_thread(ledger.renewals.newer, body)
        return empty() if newer is None else cbor(newer.data)

    return router


async def _receipt(
    ledger: Ledger,
    bell: PaidBell,
    lookout: Lookout,
    asked: Signed[PaymentRequest],
    wait_s: float,
) -> bytes | None:
    """Return the receipt as soon as there is one, None after `wait_s`."""
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + wait_s
    with bell.listening(asked.message.terminal_id, asked.id) as waiter:
        while True:
            found = await asyncio.to_thread(ledger.online.receipt_for, asked)
            left_s = deadline_s - loop.time()
            if found is not None or left_s <= 0 or bell.is_closed:
                return found
            lookout.watch()
            await waiter.wait(left_s)
