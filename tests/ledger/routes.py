"""The table of the ledger's calls, as docs/http.md holds it: made from the OpenAPI.

python -m tests.ledger.routes
"""

from __future__ import annotations

from typing import Any, Final

from ledger.api.bodies import CBOR, JSON
from tests.ledger.test_access import AUDITOR, OPERATOR, OWNER, ROUTES, calls_of
from tests.ledger.world import new_mould

ANYONE: Final = "anyone"
SIGNED: Final = "signature"
_KINDS: Final = {CBOR: "CBOR", JSON: "JSON"}
_TITLES: Final = {OPERATOR: "operator", AUDITOR: "auditor", OWNER: "its merchant"}


def table(openapi: dict[str, Any]) -> str:
    """Return every call with who may make it, what it takes, and what it is for."""
    rows = [
        f"| `{method.upper()} {path}` | {who(method, path, call)} | {taken(call)} | {said(call)} |"
        for path, calls in openapi["paths"].items()
        for method, call in calls.items()
    ]
    return "\n".join(["| call | by | takes | |", "|---|---|---|---|", *rows])


def who(method: str, path: str, call: dict[str, Any]) -> str:
    if call.get("security"):
        allowed, _ = ROUTES[f"{method.upper()} {path}"]
        return ", ".join(_TITLES[each] for each in _TITLES if each in allowed)
    return ANYONE if "public" in call["tags"] else SIGNED


def taken(call: dict[str, Any]) -> str:
    content = call.get("requestBody", {}).get("content", {})
    return next((_KINDS[kind] for kind in content), "")


def said(call: dict[str, Any]) -> str:
    return str(call["description"]).split("\n", 1)[0].removesuffix(".")


if __name__ == "__main__":
    world = new_mould().cast()
    print(table(calls_of(world).openapi()))  # noqa: T201
    world.ledger.close()
