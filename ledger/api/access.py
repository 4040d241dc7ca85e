"""Who asks: the bearer of a token, in the role that the token gives. Knows no route."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, TypeAlias

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from ledger.actor import Actor
from ledger.api.contract import IdInPath
from ledger.errors import BadToken, NotAllowed
from ledger.service import Ledger
from ledger.tokens import Role

_TOKEN: Final = HTTPBearer(
    scheme_name="token",
    bearerFormat="ks_ID_SECRET",
    description="Made by `ks-ledger tokens new`; its role says what it is good for.",
    auto_error=False,
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is known, and the ledger acting in their name."""

    ledger: Ledger
    role: Role
    merchant_id: bytes | None

    def may(self, *roles: Role) -> Person:
        """Return this person if one of the roles is theirs; raises NotAllowed."""
        if self.role not in roles:
            raise NotAllowed("wrong_role", "this token's role does not do this")
        return self


def person(
    request: Request,
    shown: Annotated[HTTPAuthorizationCredentials | None, Depends(_TOKEN)],
) -> Person:
    """Return who asks; raises BadToken."""
    if shown is None:
        raise BadToken("a valid token is needed here")
    ledger: Ledger = request.app.state.ledger
    token = ledger.tokens.bearer_of(shown.credentials)
    actor = Actor(f"token:{token.token_id.hex()}")
    return Person(ledger.acting_as(actor), Role(token.role), token.merchant_id)


_Known: TypeAlias = Annotated[Person, Depends(person)]


def _operator(asking: _Known) -> Person:
    return asking.may(Role.OPERATOR)


def _reader(asking: _Known) -> Person:
    return asking.may(Role.OPERATOR, Role.AUDITOR)


def _of_merchant(asking: _Known, merchant_id: IdInPath) -> Person:
    # Said before anything is looked up: whether another merchant exists is none of their business.
    if asking.role is Role.MERCHANT and asking.merchant_id != bytes.fromhex(merchant_id):
        raise NotAllowed("wrong_role", "this token's role does not do this")
    return asking


# Does what the command line does.
Operator: TypeAlias = Annotated[Person, Depends(_operator)]
# Sees everything: an auditor, or an operator.
Reader: TypeAlias = Annotated[Person, Depends(_reader)]
# Sees one merchant: itself, or who sees everything.
MerchantReader: TypeAlias = Annotated[Person, Depends(_of_merchant)]
