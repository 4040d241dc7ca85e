"""The OpenAPI says what the server does: schemathesis calls every route by it, right and wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from ledger.server import LedgerServer
from ledger.tokens import Role
from tests.ledger.world import Mould, World

# A route and way; more by KS_OPENAPI_EXAMPLES.
EXAMPLES: Final = int(os.environ.get("KS_OPENAPI_EXAMPLES", "2"))
YEAR_S: Final = 31_536_000
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]


@pytest.fixture(scope="module")
def world(mould: Mould) -> Iterator[World]:
    world = mould.cast()
    yield world
    world.ledger.close()


@pytest.fixture(scope="module")
def url(world: World) -> Iterator[str]:
    with LedgerServer(world.ledger) as server:
        yield server.url


@schemathesis.serializer("application/cbor")
def raw(_context: Any, body: Any) -> bytes:
    return body if isinstance(body, bytes) else str(body).encode()


def can_be_wrong(operation: Any) -> bool:
    """Whether the description says anything that a request could get wrong."""
    described = operation.definition.raw
    body = described.get("requestBody", {}).get("content", {})
    return "parameters" in described or "application/json" in body


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_route_answers_as_described(world: World, url: str, mode: GenerationMode) -> None:
    token = world.ledger.tokens.new(Role.OPERATOR, "", YEAR_S).text
    headers = {"authorization": f"Bearer {token}"}
    schema: Any = schemathesis.openapi.from_url(f"{url}/openapi.json")
    everything = [each.ok() for each in schema.get_all_operations()]
    is_wrong = mode is GenerationMode.NEGATIVE
    operations = [each for each in everything if can_be_wrong(each) or not is_wrong]
    assert len(operations) > 30

    for operation in operations:

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            case.call_and_validate(base_url=url, headers=headers, checks=CHECKS, timeout=30)

        ask()
