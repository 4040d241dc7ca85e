"""Purses and the certificates that bound them: won reserved, won given back."""

from __future__ import annotations

import hashlib
from typing import Final

from kscoin import money
from kscoin.keys import PublicKey
from kscoin.messages import Assurance, PurseCertificate
from kscoin.policy import payment_limit_won
from kscoin.signed import Signed
from ledger.book import Account, AccountKind, TransferKind, move
from ledger.errors import Conflict, NotAllowed, NotFound, Unpayable
from ledger.instructions import Instruction
from ledger.known import enough, known_purse, spendable_account
from ledger.office import Office, policy_in_force
from ledger.store import accounts, purses
from ledger.store.engine import Tx
from ledger.store.purses import DoubleSpendRow, PurseRow

ID_BYTES: Final = 8
# The first generation of purses; an epoch is denied as a whole if its kind of card is broken.
FIRST_EPOCH: Final = 1


class PurseDesk:
    """Opens purses and loads them from their holders' accounts."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def open(
        self, holder_id: bytes, public_key: PublicKey, assurance: Assurance
    ) -> Signed[PurseCertificate]:
        """Return the first certificate of a new purse, which reserves nothing yet.

        A key has one purse: asked for again, the newest certificate of that purse is returned, and
        nothing changes. Raises NotFound, NotAllowed if the holder's account is frozen, Conflict if
        the key's purse is not the one that is asked for: another holder's, of another assurance,
        denied or being closed.
        """
        office = self._office

        def work(tx: Tx) -> Signed[PurseCertificate]:
            holder = spendable_account(tx, holder_id)
            if (known := _purse_with(tx, public_key, holder_id)) is not None:
                _same_purse(known, holder_id, assurance)
                return office.issuer.purse_certificate_again(known.certificate)
            first = _first_certificate(tx, office, public_key, assurance)
            office.note(tx, "purse.open", first.purse_id)
            certificate = office.issuer.purse_certificate(first)
            purses.add_purse(tx, _row(certificate, holder.account_id))
            account = Account(first.purse_id, AccountKind.PURSE, 0, owner_id=holder.account_id)
            accounts.open_account(tx, account, first.issued_at_s)
            return certificate

        return office.store.write(work)

    def load(
        self, purse_id: bytes, amount_won: int, reference: str | None = None
    ) -> Signed[PurseCertificate]:
        """Reserve won of the holder's account for a purse; return the certificate that says so.

        With `amount_won` 0 the certificate is only renewed. The same order with the same reference
        gets the same certificate again. Raises NotFound, NotAllowed if the purse is denied or
        being closed or the account frozen, Unpayable if there is not enough or the purse would
        hold more than the policy's limit, Conflict, InvalidAmount.
        """
        order = Instruction.called(purse_id, TransferKind.LOAD, amount_won, reference)
        return self._office.store.write(lambda tx: load_purse(tx, self._office, order))

    def defund(self, purse_id: bytes) -> PurseRow:
        """Close a purse: it is renewed no more, and what is left of its reserve comes back later.

        Not before its certificate's end and the time in which a debit may still arrive (KSP/1
        section 11). Asked again, nothing changes. Raises NotFound.
        """
        return self._office.store.write(lambda tx: close_purse(tx, self._office, purse_id))

    def of(self, holder_id: bytes) -> tuple[PurseRow, ...]:
        """Return a holder's purses, the oldest first."""
        return self._office.store.read(lambda tx: purses.purses_of(tx, holder_id))

    def get(self, purse_id: bytes) -> PurseRow:
        """Return a purse as it stands; raises NotFound."""
        return self._office.store.read(lambda tx: known_purse(tx, purse_id))

    def double_spends_of(self, purse_id: bytes) -> tuple[DoubleSpendRow, ...]:
        """Return a purse's double spends with their proofs."""
        return self._office.store.read(lambda tx: purses.double_spends_of(tx, purse_id))


def load_purse(
    tx: Tx, office: Office, order: Instruction, holder_id: bytes | None = None
) -> Signed[PurseCertificate]:
    """Obey an order to load a purse, once; return its certificate. Raises as `PurseDesk.load`.

    If a holder is given, the purse must be theirs, or it is unknown to them.
    """
    purse_id, amount_won = order.account_id, order.amount_won
    if amount_won:
        money.amount(amount_won)
    row, reserved = _locked_purse(tx, purse_id, holder_id)
    if (done := order.obeyed(tx)) is not None and done.answer is not None:
        return office.issuer.purse_certificate_again(done.answer)
    office.note(tx, "purse.load", purse_id, amount_won)
    _may_be_loaded(row)
    certificate = _loaded(tx, office, row, reserved, amount_won)
    order.keep(tx, office.clock(), answer=certificate.data)
    return certificate


def renew_purse(tx: Tx, office: Office, purse_id: bytes) -> Signed[PurseCertificate]:
    """Return a purse's newest certificate, with a later end if its time is running out.

    Raises NotFound, NotAllowed if the purse is denied or its holder's account frozen.
    """
    row, reserved = _locked_purse(tx, purse_id)
    if row.denied_at_s is not None:
        _may_be_loaded(row)
    newest = office.issuer.purse_certificate_again(row.certificate)
    if row.closing_at_s is not None or not newest.message.is_aging(office.clock()):
        return newest
    office.note(tx, "purse.renew", purse_id)
    return _loaded(tx, office, row, reserved, 0)


def close_purse(
    tx: Tx, office: Office, purse_id: bytes, holder_id: bytes | None = None
) -> PurseRow:
    """Mark a purse as closing, once, and return it; raises NotFound as `load_purse` does."""
    row, _reserved = _locked_purse(tx, purse_id, holder_id)
    if row.closing_at_s is None:
        office.note(tx, "purse.defund", purse_id)
        purses.close(tx, purse_id, office.clock())
    return known_purse(tx, purse_id)


def _purse_id(public_key: PublicKey) -> bytes:
    """Return the id of a key's purse: made of the key, so that two at once cannot open two."""
    return hashlib.sha256(b"purse " + public_key.compressed).digest()[:ID_BYTES]


def _purse_with(tx: Tx, public_key: PublicKey, holder_id: bytes) -> PurseRow | None:
    """Return the purse of a key, if it has one."""
    found = purses.purse(tx, _purse_id(public_key))
    if found is not None:
        return found
    # Purses that were opened before ids were made of keys have one that was drawn.
    earlier = purses.purses_of(tx, holder_id)
    return next((row for row in earlier if row.public_key == public_key.compressed), None)


def _same_purse(row: PurseRow, holder_id: bytes, assurance: Assurance) -> None:
    """Return if a purse is the one that is asked for; raises Conflict."""
    if row.holder_id != holder_id:
        why = "is another holder's"
    elif row.assurance != assurance:
        why = f"has the assurance {Assurance(row.assurance).name.lower()}"
    elif row.denied_at_s is not None:
        why = "is on the denylist"
    elif row.closing_at_s is not None:
        why = "is being closed"
    else:
        return
    raise Conflict("key_taken", f"the key is that of purse {row.purse_id.hex()}, which {why}")


def _may_be_loaded(row: PurseRow) -> None:
    if row.denied_at_s is not None:
        raise NotAllowed("purse_denied", "the purse is on the denylist")
    if row.closing_at_s is not None:
        raise NotAllowed("purse_closing", "the purse is being closed: its reserve is given back")


def _loaded(
    tx: Tx, office: Office, row: PurseRow, reserved: Account, amount_won: int
) -> Signed[PurseCertificate]:
    purse_id = row.purse_id
    holder = spendable_account(tx, row.holder_id)
    certificate = office.issuer.purse_certificate(_next_certificate(tx, office, row, amount_won))
    message = certificate.message
    purses.certify(tx, purse_id, message.credit_total_won, message.not_after_s, certificate.data)
    if amount_won:
        _within_limit(tx, reserved, amount_won)
        postings = move({enough(holder, amount_won).account_id: amount_won}, purse_id)
        load = office.transfer(TransferKind.LOAD, postings, office.clock(), certificate.id)
        accounts.book(tx, [load])
    return certificate


def _locked_purse(
    tx: Tx, purse_id: bytes, holder_id: bytes | None = None
) -> tuple[PurseRow, Account]:
    # The account first: whoever holds it may read the purse and change it.
    reserved = accounts.account(tx, purse_id, locked=True)
    row = known_purse(tx, purse_id)
    if reserved is None or holder_id not in (None, row.holder_id):
        raise NotFound("unknown_purse", "no purse of ours has this id")
    return row, reserved


def _within_limit(tx: Tx, reserved: Account, amount_won: int) -> None:
    # What has not been reported counts as unspent: the limit errs on the safe side.
    limit_won = policy_in_force(tx).purse_balance_max_won
    if reserved.balance_won + amount_won > limit_won:
        raise Unpayable("over_balance_limit", f"a purse holds at most {limit_won:,} won")


def _first_certificate(
    tx: Tx, office: Office, public_key: PublicKey, assurance: Assurance
) -> PurseCertificate:
    now_s = office.clock()
    return PurseCertificate(
        purse_id=_purse_id(public_key),
        public_key=public_key.compressed,
        credit_total_won=0,
        not_after_s=now_s + office.settings.purse_certificate_valid_s,
        payment_limit_offline_won=payment_limit_won(policy_in_force(tx), assurance),
        assurance=assurance,
        epoch=FIRST_EPOCH,
        issued_at_s=now_s,
    )


def _next_certificate(tx: Tx, office: Office, row: PurseRow, amount_won: int) -> PurseCertificate:
    now_s = office.clock()
    assurance = Assurance(row.assurance)
    return PurseCertificate(
        purse_id=row.purse_id,
        public_key=row.public_key,
        credit_total_won=row.credit_total_won + amount_won,
        not_after_s=max(row.not_after_s, now_s + office.settings.purse_certificate_valid_s),
        payment_limit_offline_won=payment_limit_won(policy_in_force(tx), assurance),
        assurance=assurance,
        epoch=row.epoch,
        issued_at_s=now_s,
    )


def _row(certificate: Signed[PurseCertificate], holder_id: bytes) -> PurseRow:
    message = certificate.message
    return PurseRow(
        purse_id=message.purse_id,
        holder_id=holder_id,
        public_key=message.public_key,
        assurance=message.assurance,
        epoch=message.epoch,
        credit_total_won=message.credit_total_won,
        released_won=0,
        guaranteed_won=0,
        not_after_s=message.not_after_s,
        opened_at_s=message.issued_at_s,
        denied_at_s=None,
        closing_at_s=None,
        certificate=certificate.data,
    )
