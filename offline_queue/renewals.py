"""Newer certificates for purses at the counter: what the ledger is asked, what is believed.

Signs a question and verifies an answer; sends nothing, and knows no card.
"""

from __future__ import annotations

from kscoin.certificates import open_purse_certificate
from kscoin.errors import StaleVersion
from kscoin.messages import PurseCertificate, RenewalQuery
from kscoin.signed import claim, seal
from offline_queue.books import Books
from offline_queue.rulebook import Rulebook
from offline_queue.terminal import TerminalIdentity


class Renewals:
    """The questions and answers of one terminal."""

    def __init__(self, books: Books, rulebook: Rulebook, terminal: TerminalIdentity) -> None:
        self._books = books
        self._rulebook = rulebook
        self._terminal = terminal

    def query(self, certificate: bytes) -> bytes:
        """Return the signed question for a newer certificate than this one, which is unverified.

        Raises an EncodingError.
        """
        has = claim(PurseCertificate, certificate)
        query = RenewalQuery(
            terminal_id=self._terminal.terminal_id,
            purse_id=has.purse_id,
            credit_total_won=has.credit_total_won,
            not_after_s=has.not_after_s,
            created_at_s=self._books.time().now_s,
        )
        return seal(query, self._terminal.signer, self._terminal.network).data

    def proven(self, certificate: bytes, newer: bytes) -> bytes:
        """Return the newer certificate if a purse authority says so and it renews the other.

        Raises UntrustedKey, Expired, BadSignature, an EncodingError, or StaleVersion if it is of
        another purse or gives nothing more.
        """
        now_s = self._books.time().now_s
        signed = open_purse_certificate(newer, self._rulebook.rules.trust, now_s)
        if not signed.message.renews(claim(PurseCertificate, certificate)):
            raise StaleVersion("the certificate gives the purse nothing")
        return signed.data
