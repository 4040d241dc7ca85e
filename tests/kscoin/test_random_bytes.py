"""A hundred thousand byte strings of noise: every reader refuses with a KSCoinError, or reads."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise
from typing import Final

from kscoin import codec, cose, qr
from kscoin.base45 import base45_encode
from kscoin.bundle import EnrolmentAnswer, OnlineOrder
from kscoin.certificates import pin_trust
from kscoin.entries import Payment, SettledOnline, Witness
from kscoin.errors import KSCoinError
from kscoin.keys import PublicKey, low_s
from kscoin.proof import DoubleSpendProof, Exhibit, proof_in
from tests.kscoin.parties import NETWORK, key, samples
from tests.kscoin.strategies import MAPS, MESSAGES

COUNT: Final = 100_000
ROOT: Final = key("root").public_key

Reader = Callable[[bytes], object]
# Where bytes and texts come in; every string of noise goes through these.
GATES: Final[tuple[Reader, ...]] = (
    codec.decode,
    cose.parse,
    lambda data: qr.from_text(qr.PREFIX + base45_encode(data)),
    lambda data: qr.from_text(qr.PREFIX + data.decode("latin-1")),
)
# What reads further; of these every string of noise goes through a few.
READERS: Final[tuple[Reader, ...]] = (
    lambda data: pin_trust(data, ROOT, NETWORK),
    *(kind.from_payload for kind in MESSAGES),
    *(kind.decode for kind in MAPS),
    Payment.decode,
    SettledOnline.decode,
    Witness.decode,
    DoubleSpendProof.decode,
    Exhibit.decode,
    proof_in,
    EnrolmentAnswer.decode,
    OnlineOrder.decode,
    PublicKey,
    low_s,
)


def test_noise() -> None:
    noise = random.Random(20_260_302)
    templates = _templates()
    read = 0
    for number in range(COUNT):
        data = _noise(noise) if number % 2 else _mangled(noise, noise.choice(templates))
        readers = (*GATES, *noise.sample(READERS, 5))
        read += sum(_reads(reader, data) for reader in readers)
    # Some of the noise is a number or a short text, so the loop did reach the readers' far ends.
    assert 0 < read < COUNT


def _reads(reader: Reader, data: bytes) -> bool:
    try:
        reader(data)
    except KSCoinError:
        return False
    return True


def _noise(noise: random.Random) -> bytes:
    return noise.randbytes(noise.choice((0, 1, 2, 3, 8, 33, 64, 73, 150)))


def _mangled(noise: random.Random, template: bytes) -> bytes:
    """Return the template with a stretch of it replaced by noise, so that its start is believed."""
    start = noise.randrange(len(template))
    end = noise.randrange(start, len(template) + 1)
    return template[:start] + noise.randbytes(noise.randrange(4)) + template[end:]


def _templates() -> list[bytes]:
    signed = [sample.sealed() for sample in samples()]
    shown = [codec.encode([one.data, other.data]) for one, other in pairwise(signed)]
    return [*(each.data for each in signed), *(each.payload for each in signed), *shown]
