"""A phone with a purse in it: scans a request's QR text, shows a debit's. Checks no shop's name."""

from __future__ import annotations

from drivers.card.apdu import Transmission
from drivers.card.purse_card import PurseCard
from drivers.simulated.faults import Card
from kscoin import cose
from kscoin.errors import NotKSCoin
from kscoin.keys import PublicKey
from kscoin.messages import PaymentRequest, PurseCertificate
from kscoin.qr import DebitShown, RequestShown, from_text, to_text
from kscoin.signed import claim


class DirectConnection:
    """The shortest way to a simulated card: no reader and no field."""

    transmission = Transmission.T1

    def __init__(self, card: Card) -> None:
        self._card = card

    @property
    def reader_name(self) -> str:
        return "simulated phone"

    def takes_extended(self) -> bool:
        return True

    def transmit(self, apdu: bytes) -> bytes:
        return self._card.process(apdu)

    def close(self) -> None:
        self._card.reset()


class SimulatedPhone:
    """A wallet whose purse keeps the rules of a card's (KSP/1 section 7)."""

    def __init__(self, purse: Card) -> None:
        self._purse = PurseCard(DirectConnection(purse))

    def scan(self, text: str) -> RequestShown:
        """Return the request in a QR text; raises NotKSCoin or an EncodingError for another."""
        shown = from_text(text)
        if not isinstance(shown, RequestShown):
            raise NotKSCoin("the code is not a request to pay")
        return shown

    def pay(self, text: str) -> str:
        """Pay the request in a QR text and return the debit's, to be held to a scanner.

        Scanned again, the same request is paid once and shown again. Raises what `scan` raises,
        and CreditExceeded or another CardRefused if the purse says no.
        """
        request = self.scan(text).request
        self._purse.select()
        certificate = self._purse.get_state().certificate
        envelope = cose.parse(request)
        amount_won = PaymentRequest.from_payload(envelope.payload).amount_won
        signed = self._purse.debit(amount_won, envelope.id)
        key = PublicKey(claim(PurseCertificate, certificate).public_key)
        debit = cose.assemble(signed.debit, key.kid, signed.signature)
        return to_text(DebitShown(debit, certificate))
