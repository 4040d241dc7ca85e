"""Who may ask what: every route, for every role, about their own and another party's things."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from ledger.api.app import calls
from ledger.api.bell import PaidBell
from ledger.metrics import Gauges, Metrics
from ledger.server import LedgerServer
from ledger.tokens import Role
from tests.ledger.world import Mould, World, new_key

YEAR_S = 31_536_000
SIGNED = {"batches", "enrolments", "receipts", "payments", "accounts", "statements", "purse-orders"}
NOBODY, STRANGER = "nobody", "stranger"
OPERATOR, AUDITOR, OWNER, OTHER = "operator", "auditor", "owner", "other"


@dataclass
class Place:
    """A ledger behind its server, with one merchant's things, and everybody's tokens."""

    world: World
    client: httpx.Client
    ids: dict[str, str]
    tokens: dict[str, str]

    def ask(self, who: str, method: str, path: str, body: Any = None) -> httpx.Response:
        token = self.tokens.get(who)
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        return self.client.request(method, path.format(**self.ids), json=body, headers=headers)


def calls_of(world: World) -> FastAPI:
    """The routes of a ledger, with nobody serving them."""
    return calls(world.ledger, PaidBell(), Metrics(lambda: Gauges(0, 0, 0)))


@pytest.fixture(scope="module")
def place(mould: Mould) -> Iterator[Place]:
    world = mould.cast()
    shop, card = world.shop(world.merchant("Mapo Noodles")), world.card(50_000)
    shop.take(card, 1_000)
    shop.sync(world.ledger)
    merchant_id = shop.certificate.message.merchant_id
    other_id = world.merchant("Jongno Tea")
    desk = world.ledger.tokens
    run = world.ledger.payouts.make("a run")
    tokens = {
        OPERATOR: desk.new(Role.OPERATOR, "", YEAR_S).text,
        AUDITOR: desk.new(Role.AUDITOR, "", YEAR_S).text,
        OWNER: desk.new(Role.MERCHANT, "", YEAR_S, merchant_id).text,
        OTHER: desk.new(Role.MERCHANT, "", YEAR_S, other_id).text,
        STRANGER: f"ks_{'0' * 16}_{'0' * 64}",
    }
    ids = {
        "merchant_id": merchant_id.hex(),
        "terminal_id": shop.terminal_id.hex(),
        "account_id": card.holder_id.hex(),
        "purse_id": card.purse_id.hex(),
        "payout_id": run.payout_id.hex(),
        "token_id": desk.new(Role.AUDITOR, "to be revoked", YEAR_S).row.token_id.hex(),
    }
    with (
        LedgerServer(world.ledger) as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=20.0) as client,
    ):
        yield Place(world, client, ids, tokens)
    world.ledger.close()


def key() -> str:
    return new_key().public_key.compressed.hex()


# Every route that wants a token: who may, and a body that it takes.
WATCHERS, OPERATORS = {OPERATOR, AUDITOR}, {OPERATOR}
OWNERS = {OPERATOR, AUDITOR, OWNER}
ROUTES: dict[str, tuple[set[str], Any]] = {
    "GET /v1/merchants": (WATCHERS, None),
    "POST /v1/merchants": (OPERATORS, {"name": "Euljiro Bakery"}),
    "GET /v1/merchants/{merchant_id}": (OWNERS, None),
    "POST /v1/merchants/{merchant_id}/codes": (OPERATORS, {}),
    "GET /v1/merchants/{merchant_id}/terminals": (OWNERS, None),
    "GET /v1/merchants/{merchant_id}/statement": (OWNERS, None),
    "GET /v1/merchants/{merchant_id}/payouts": (OWNERS, None),
    "GET /v1/merchants/{merchant_id}/bank": (OWNERS, None),
    "PUT /v1/merchants/{merchant_id}/bank": (
        OPERATORS,
        {"bank_code": "088", "number": "110-123-456789", "holder": "Mapo Noodles"},
    ),
    "GET /v1/terminals/{terminal_id}": (WATCHERS, None),
    "POST /v1/terminals/{terminal_id}/revocation": (OPERATORS, None),
    "POST /v1/terminals/{terminal_id}/replacement": (OPERATORS, None),
    "POST /v1/holders": (OPERATORS, {"public_key": key()}),
    "GET /v1/accounts/{account_id}": (WATCHERS, None),
    "GET /v1/accounts/{account_id}/statement": (WATCHERS, None),
    "POST /v1/accounts/{account_id}/issues": (OPERATORS, {"amount_won": 500, "reference": "a"}),
    "POST /v1/accounts/{account_id}/redemptions": (
        OPERATORS,
        {"amount_won": 100, "reference": "b"},
    ),
    "GET /v1/accounts/{account_id}/purses": (WATCHERS, None),
    "POST /v1/purses": (OPERATORS, {"holder_id": "{account_id}", "public_key": key()}),
    "GET /v1/purses/{purse_id}": (WATCHERS, None),
    "POST /v1/purses/{purse_id}/loads": (OPERATORS, {"amount_won": 0, "reference": "c"}),
    "GET /v1/purses/{purse_id}/gaps": (WATCHERS, None),
    "GET /v1/purses/{purse_id}/double-spends": (WATCHERS, None),
    "POST /v1/purses/{purse_id}/defunding": (OPERATORS, None),
    "POST /v1/purses/{purse_id}/loss": (OPERATORS, None),
    "GET /v1/fund": (WATCHERS, None),
    "POST /v1/fund/issues": (OPERATORS, {"amount_won": 500, "reference": "d"}),
    "POST /v1/fund/redemptions": (OPERATORS, {"amount_won": 100, "reference": "e"}),
    "POST /v1/reserves/release": (OPERATORS, None),
    "GET /v1/payouts": (WATCHERS, None),
    "POST /v1/payouts": (OPERATORS, {"reference": "another-run"}),
    "GET /v1/payouts/{payout_id}": (WATCHERS, None),
    "POST /v1/payouts/{payout_id}/confirmation": (OPERATORS, None),
    "POST /v1/payouts/{payout_id}/returns/{merchant_id}": (OPERATORS, None),
    "GET /v1/quarantine": (WATCHERS, None),
    "POST /v1/quarantine/{terminal_id}/release": (OPERATORS, None),
    "GET /v1/audit": (WATCHERS, None),
    "GET /v1/tokens": (WATCHERS, None),
    "POST /v1/tokens": (OPERATORS, {"role": "auditor", "note": "Kim"}),
    "DELETE /v1/tokens/{token_id}": (OPERATORS, None),
    "GET /v1/trail": (WATCHERS, None),
}
# What the things of this test do not have: the answer is 404, and no secret.
ABSENT = {"POST /v1/payouts/{payout_id}/returns/{merchant_id}"}
# Obeyed, and nothing was left to do: there is nothing to write down.
IDLE = {"POST /v1/quarantine/{terminal_id}/release", "POST /v1/reserves/release"}


def test_the_table_names_every_route_that_wants_a_token(sqlite_world: World) -> None:
    described = calls_of(sqlite_world).openapi()["paths"]
    wanting = {
        f"{method.upper()} {path}"
        for path, operations in described.items()
        for method, operation in operations.items()
        if operation.get("security")
    }
    assert wanting == set(ROUTES)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("who", [NOBODY, STRANGER])
def test_who_is_not_known_is_told_nothing(place: Place, route: str, who: str) -> None:
    method, path = route.split()
    answer = place.ask(who, method, path, ROUTES[route][1])
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_token")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("who", [OTHER, OWNER, AUDITOR])
def test_who_may_not_is_told_the_same_whatever_there_is(place: Place, route: str, who: str) -> None:
    method, path = route.split()
    if who in ROUTES[route][0]:
        return
    nowhere = re.sub(r"{\w+}", "00" * 8, path)
    answers = [place.ask(who, method, each, ROUTES[route][1]) for each in (path, nowhere)]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (403, "wrong_role")
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize("route", ROUTES)
def test_who_may_is_answered_and_orders_stand_in_the_trail(place: Place, route: str) -> None:
    allowed, body = ROUTES[route]
    method, path = route.split()
    if body and "holder_id" in body:
        body = {**body, "holder_id": place.ids["account_id"]}
    for who in sorted(allowed):
        before = place.world.ledger.trail.read(1)
        answer = place.ask(who, method, path, body)
        after = place.world.ledger.trail.read(1)
        assert answer.status_code == 404 if route in ABSENT else answer.is_success, answer.text
        assert (before != after) == (method != "GET" and route not in IDLE)
        if method != "GET" and route not in IDLE:
            token_id = place.tokens[who].split("_")[1]
            assert after[0].actor == f"token:{token_id}"


def test_a_merchant_sees_nothing_of_another_in_its_own_answers(place: Place) -> None:
    for route, (allowed, _) in ROUTES.items():
        if OWNER in allowed:
            method, path = route.split()
            answer = place.ask(OTHER, method, path)
            assert place.ids["terminal_id"] not in answer.text
            assert "Mapo" not in answer.text


@pytest.mark.parametrize("door", sorted(SIGNED))
def test_a_token_is_no_signature(place: Place, door: str) -> None:
    headers = {
        "content-type": "application/cbor",
        "authorization": f"Bearer {place.tokens[OPERATOR]}",
    }
    answer = place.client.post(f"/v1/{door}", content=b"\x80", headers=headers)
    assert 400 <= answer.status_code < 500


def test_another_merchants_terminal_gets_no_receipt(place: Place) -> None:
    world = place.world
    shop, stranger, wallet = world.shop(), world.shop(), world.wallet(10_000)
    request = shop.request(4_000)
    world.ledger.online.pay(wallet.pays(request))
    for body in (stranger.signed_as(request.message), stranger.request(4_000).data):
        headers = {"content-type": "application/cbor"}
        answer = place.client.post("/v1/receipts", content=body, headers=headers)
        assert answer.status_code in (204, 401)
        assert request.id not in answer.content


class TestTokens:
    """What a token is, and when it is none any more."""

    def test_it_is_kept_as_a_hash(self, sqlite_world: World) -> None:
        made = sqlite_world.ledger.tokens.new(Role.OPERATOR, "Kim", YEAR_S)
        (kept,) = sqlite_world.ledger.tokens.all()
        secret = made.text.split("_")[2]
        assert secret not in repr(kept) + repr(made)
        assert bytes.fromhex(secret) not in (kept.secret_hash, kept.token_id)
        assert sqlite_world.ledger.tokens.bearer_of(made.text) == kept

    @pytest.mark.parametrize("spoil", ["ks_", "another digit", "é", "-"])
    def test_what_is_nearly_one_is_none(self, place: Place, spoil: str) -> None:
        text = place.tokens[OPERATOR]
        if spoil == "another digit":  # a token may well end in any one that is named here
            spoil = "0" if text[-1] != "0" else "1"
        for shown in (text[:-1] + spoil, text + spoil + "0", spoil, text.upper()):
            headers = {b"authorization": f"Bearer {shown}".encode()}
            assert place.client.get("/v1/trail", headers=headers).status_code == 401

    def test_it_ends(self, sqlite_world: World) -> None:
        desk = sqlite_world.ledger.tokens
        text = desk.new(Role.AUDITOR, "", 60).text
        sqlite_world.clock.now_s += 59
        assert desk.bearer_of(text).role is Role.AUDITOR.value
        sqlite_world.clock.now_s += 1
        with pytest.raises(Exception, match="valid token"):
            desk.bearer_of(text)

    def test_it_is_revoked_at_once(self, place: Place) -> None:
        made = place.ask(OPERATOR, "POST", "/v1/tokens", {"role": "auditor"}).json()
        headers = {"authorization": f"Bearer {made['token']}"}
        assert place.client.get("/v1/trail", headers=headers).status_code == 200
        assert place.ask(OPERATOR, "DELETE", f"/v1/tokens/{made['token_id']}").status_code == 204
        assert place.client.get("/v1/trail", headers=headers).status_code == 401

    def test_a_merchants_names_a_merchant_and_no_others_does(self, place: Place) -> None:
        for body in (
            {"role": "merchant"},
            {"role": "operator", "merchant_id": place.ids["merchant_id"]},
        ):
            answer = place.ask(OPERATOR, "POST", "/v1/tokens", body)
            assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
        body = {"role": "merchant", "merchant_id": "00" * 8}
        assert place.ask(OPERATOR, "POST", "/v1/tokens", body).status_code == 404


def test_an_order_that_is_refused_stands_in_the_trail(place: Place) -> None:
    body = {"amount_won": 4_000_000_000, "reference": "too-much"}
    path = "/v1/accounts/{account_id}/redemptions"
    assert place.ask(OPERATOR, "POST", path, body).json()["code"] == "not_enough_won"
    line = place.ask(AUDITOR, "GET", "/v1/trail?limit=1").json()[0]
    told = (line["action"], line["subject"], line["outcome"])
    assert told == ("won.redeem", place.ids["account_id"], "not_enough_won")


def test_the_same_order_again_moves_nothing(place: Place) -> None:
    body = {"amount_won": 700, "reference": "once"}
    path = "/v1/accounts/{account_id}/issues"
    first, again = (place.ask(OPERATOR, "POST", path, body).json() for _ in range(2))
    assert first == again
    other = place.ask(OPERATOR, "POST", path, {**body, "amount_won": 701})
    assert (other.status_code, other.json()["code"]) == (409, "reference_used")
