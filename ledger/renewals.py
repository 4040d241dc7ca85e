"""Answers terminals that ask for a newer certificate of a purse at their counter. Knows no HTTP."""

from __future__ import annotations

from typing import Final

from kscoin.messages import PurseCertificate, RenewalQuery, gives_more
from kscoin.signed import Signed, claim, open_signed
from ledger.errors import NotAllowed, Unpayable
from ledger.known import known_terminal
from ledger.office import Office, key_of
from ledger.purse_desk import renew_purse
from ledger.store.engine import Tx

# A question is asked while a card is held; a terminal's clock may be a day off until it has synced.
QUERY_VALID_S: Final = 86_400


class RenewalDesk:
    """Knows the newest certificate of each purse, and renews one whose time runs out."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def newer(self, data: bytes) -> Signed[PurseCertificate] | None:
        """Return a certificate that gives more than the one in a signed RenewalQuery, if any.

        Raises NotFound for a terminal or purse, NotAllowed if the terminal is revoked, the purse
        denied or its account frozen, Unpayable if the question is not of today, BadSignature.
        """
        office = self._office
        terminal_id = claim(RenewalQuery, data).terminal_id
        terminal = office.store.read(lambda tx: known_terminal(tx, terminal_id))
        key = key_of(terminal).public_key
        query = open_signed(RenewalQuery, data, key, office.issuer.network).message
        if terminal.revoked_at_s is not None:
            raise NotAllowed("terminal_revoked", "the terminal does not sell any more")
        if abs(office.clock() - query.created_at_s) > QUERY_VALID_S:
            raise Unpayable("order_expired", "the question is not of today: see to the clock")
        return office.store.write(lambda tx: _newer(tx, office, query))


def _newer(tx: Tx, office: Office, query: RenewalQuery) -> Signed[PurseCertificate] | None:
    newest = renew_purse(tx, office, query.purse_id)
    offered = (newest.message.credit_total_won, newest.message.not_after_s)
    return newest if gives_more(offered, (query.credit_total_won, query.not_after_s)) else None
