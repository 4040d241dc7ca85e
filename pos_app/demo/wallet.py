"""A wallet app that is online: it scans a request, pays it through the ledger, keeps the receipt.

Knows no till. It talks to the ledger as any wallet does, over HTTP.
"""

from __future__ import annotations

import secrets
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Final

from kscoin import cose, qr
from kscoin.bundle import OnlineOrder
from kscoin.errors import KSCoinError, NotKSCoin
from kscoin.keys import Signer
from kscoin.messages import OnlinePayment, PaymentRequest
from kscoin.signed import claim, seal

CBOR: Final = "application/cbor"
# The ledger is on this machine; a second is a long time for it.
_TIMEOUT_S: Final = 10.0
_NONCE_BYTES: Final = 16


class PaymentFailed(KSCoinError):
    """Raised when the ledger did not take an online payment; the customer pays another way."""

    code = "payment_failed"


@dataclass(frozen=True, slots=True)
class Wallet:
    """An account of the ledger and the key that pays from it."""

    account_id: bytes
    signer: Signer
    network: str

    def pay(self, request_text: str, ledger_url: str) -> bytes:
        """Pay the request in a till's QR text; return the ledger's signed receipt.

        Paid again, the same request costs nothing and brings the same receipt. Raises NotKSCoin
        or an EncodingError for another text, PaymentFailed if the ledger does not take it.
        """
        shown = qr.from_text(request_text)
        if not isinstance(shown, qr.RequestShown):
            raise NotKSCoin("the code is not a request to pay")
        return _post(f"{ledger_url}/v1/payments", self._order(shown.request).encode())

    def _order(self, request: bytes) -> OnlineOrder:
        payment = OnlinePayment(
            account_id=self.account_id,
            request_hash=cose.parse(request).id,
            amount_won=claim(PaymentRequest, request).amount_won,
            nonce=secrets.token_bytes(_NONCE_BYTES),
        )
        return OnlineOrder(request, seal(payment, self.signer, self.network).data)


def receipt_text(receipt: bytes) -> str:
    """Return the text of the QR code in which a wallet shows a receipt."""
    return qr.to_text(qr.ReceiptShown(receipt))


def _post(url: str, body: bytes) -> bytes:
    headers = {"content-type": CBOR, "accept": CBOR}
    order = urllib.request.Request(url, body, headers, method="POST")
    try:
        with urllib.request.urlopen(order, timeout=_TIMEOUT_S) as answer:
            receipt: bytes = answer.read()
    except (urllib.error.URLError, TimeoutError, ConnectionError) as exc:
        raise PaymentFailed(f"the ledger did not take the payment: {exc}") from exc
    return receipt
