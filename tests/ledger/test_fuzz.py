"""Garbage at every door: a clear 4xx each time, never a 500, and the books balance.

make fuzz BODIES=100000
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx
import pytest

from kscoin.messages import Assurance, RenewalQuery
from kscoin.signed import seal
from kscoin.wallets import AccountOpening, PurseOrder, PurseOrderKind, StatementQuery
from ledger.server import LedgerServer
from ledger.tokens import Role
from tests.ledger.spoiling import Door, spoilt_json
from tests.ledger.world import NETWORK, Mould, World, assert_books_right, new_key

# All together; the seed of each is fixed, so that a finding can be found again.
BODIES = int(os.environ.get("KS_FUZZ_BODIES", "1500"))
# Of them those that a token comes with, and JSON.
ORDERS = BODIES // 5
CBOR = {"content-type": "application/cbor"}
SIGNED_DOORS = (
    *("enrolments", "batches", "receipts", "payments"),
    *("accounts", "statements", "purse-orders", "courier", "renewals"),
)


@dataclass
class Target:
    """A served ledger, what each door takes, and an operator's token."""

    world: World
    client: httpx.Client
    doors: dict[str, Door]
    orders: dict[str, dict[str, Any]]
    token: str


@pytest.fixture(scope="module")
def target(mould: Mould) -> Iterator[Target]:
    world = mould.cast()
    token = world.ledger.tokens.new(Role.OPERATOR, "", 1_000_000).text
    with (
        LedgerServer(world.ledger) as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=60.0) as client,
    ):
        yield Target(world, client, doors_of(world), orders_of(world), token)
    world.ledger.close()


def doors_of(world: World) -> dict[str, Door]:
    shop, card, wallet, key = world.shop(), world.card(10_000), world.wallet(10_000), new_key()
    for amount_won in (1_000, 500, 250):
        shop.take(card, amount_won)
    request = shop.request(500)
    purse = world.ledger.purses.open(wallet.account_id, new_key().public_key, Assurance.SOFTWARE)
    now_s = world.clock()
    load = PurseOrder(
        wallet.account_id, purse.message.purse_id, PurseOrderKind.LOAD, 10, bytes(16), now_s
    )
    opening = AccountOpening(key.public_key.compressed)
    query = StatementQuery(wallet.account_id, now_s, 5)
    renewal = RenewalQuery(shop.terminal_id, card.purse_id, 0, 0, now_s)
    code = world.ledger.merchants.new_code(world.merchant())
    batch = shop.batch()
    return {
        "enrolments": Door("enrolments", world.enrolment(code, key), key),
        "batches": Door("batches", batch, shop.key),
        "receipts": Door("receipts", request.data, shop.key),
        "payments": Door("payments", wallet.pays(request)),
        "accounts": Door("accounts", seal(opening, key, NETWORK).data, key),
        "statements": Door("statements", seal(query, wallet.key, NETWORK).data, wallet.key),
        "purse-orders": Door("purse-orders", seal(load, wallet.key, NETWORK).data, wallet.key),
        "courier": Door("courier", batch),
        "renewals": Door("renewals", seal(renewal, shop.key, NETWORK).data, shop.key),
    }


def orders_of(world: World) -> dict[str, dict[str, Any]]:
    """The calls that take JSON, and a body that each takes."""
    merchant_id, account_id = world.merchant(), world.wallet(10_000).account_id
    card = world.card(10_000)
    key = new_key().public_key.compressed.hex()
    order = {"amount_won": 1, "reference": "a"}
    return {
        "merchants": {"name": "Euljiro Bakery"},
        f"merchants/{merchant_id.hex()}/codes": {"kinds": 1, "limit_class": 0},
        "holders": {"public_key": key},
        f"accounts/{account_id.hex()}/issues": order,
        f"accounts/{account_id.hex()}/redemptions": order,
        "purses": {"holder_id": account_id.hex(), "public_key": key, "assurance": "software"},
        f"purses/{card.purse_id.hex()}/loads": order,
        "fund/issues": order,
        "payouts": {"reference": "a", "minimum_won": 1},
        "tokens": {"role": "merchant", "merchant_id": merchant_id.hex(), "note": "", "valid_s": 9},
    }


@pytest.mark.parametrize("name", SIGNED_DOORS)
def test_noise_and_damage_are_refused(target: Target, name: str) -> None:
    door, random = target.doors[name], Random(name)
    others = [each.good for each in target.doors.values() if each.path != name]
    seen: Counter[int] = Counter()
    for _ in range(-(-(BODIES - ORDERS) // len(SIGNED_DOORS))):
        body = door.spoilt(random, others)
        answer = target.client.post(f"/v1/{name}", content=body, headers=CBOR)
        seen[answer.status_code] += 1
        assert answer.status_code < 500, body.hex()
        if answer.status_code >= 400:
            assert {"code", "message"} <= set(answer.json())
    assert any(status >= 400 for status in seen)
    assert_books_right(target.world)


def test_odd_orders_are_refused_or_obeyed(target: Target) -> None:
    random, headers = Random("orders"), {"authorization": f"Bearer {target.token}"}
    headers["content-type"] = "application/json"
    for path, good in target.orders.items():
        for _ in range(-(-ORDERS // len(target.orders))):
            body = spoilt_json(random, good)
            answer = target.client.post(f"/v1/{path}", content=body, headers=headers)
            assert answer.status_code < 500, (path, body)
            if answer.status_code >= 400:
                assert set(answer.json()) == {"code", "message"}
    assert_books_right(target.world)
    supply = target.world.ledger.books.supply()
    assert supply.difference_won == 0
