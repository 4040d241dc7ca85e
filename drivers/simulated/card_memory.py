"""What a simulated card remembers without power, written whole or not at all."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from kscoin import codec
from kscoin.errors import Malformed
from kscoin.messages import Debit

_SCALAR_BYTES: Final = 32
_FILE_MODE: Final = 0o600


@dataclass(frozen=True, slots=True)
class PurseImage:
    """A personalised purse: its key, whom it believes, its certificate and its last debit."""

    scalar: int = field(repr=False)
    network: str
    authority: bytes
    certificate: bytes
    last_debit: bytes | None = None
    is_ratified: bool = False

    @property
    def last(self) -> Debit | None:
        """The last debit taken apart."""
        return None if self.last_debit is None else Debit.from_payload(self.last_debit)

    def encode(self) -> bytes:
        """Return the image as one CBOR array."""
        scalar = self.scalar.to_bytes(_SCALAR_BYTES, "big")
        return codec.encode(
            [
                scalar,
                self.network,
                self.authority,
                self.certificate,
                self.last_debit,
                self.is_ratified,
            ]
        )

    @classmethod
    def decode(cls, data: bytes) -> PurseImage:
        """Return the image; raises an EncodingError."""
        match codec.decode(data):
            case [
                bytes(scalar),
                str(network),
                bytes(authority),
                bytes(certificate),
                (bytes() | None) as last_debit,
                bool(is_ratified),
            ]:
                number = int.from_bytes(scalar, "big")
                return cls(number, network, authority, certificate, last_debit, is_ratified)
            case _:
                raise Malformed("not the image of a purse card")


class CardMemory(Protocol):
    """The card's memory; `commit` is its one transaction."""

    def read(self) -> PurseImage | None:
        """Return what was committed last, or None on a card that is not personalised."""
        ...

    def commit(self, image: PurseImage) -> None:
        """Write the image whole: after a loss of power it is there, or the one before is."""
        ...


class VolatileMemory:
    """Memory that lasts as long as this object: a card in one process."""

    def __init__(self, image: PurseImage | None = None) -> None:
        self._image = image

    def read(self) -> PurseImage | None:
        return self._image

    def commit(self, image: PurseImage) -> None:
        self._image = image


class FileMemory:
    """Memory in a file, which outlives SIGKILL of the process that simulates the card.

    Not synchronised to the disk: a simulated card need not survive the machine's power.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> PurseImage | None:
        try:
            return PurseImage.decode(self._path.read_bytes())
        except FileNotFoundError:
            return None

    def commit(self, image: PurseImage) -> None:
        new = self._path.with_suffix(".new")
        with open(new, "wb", opener=_private) as file:
            file.write(image.encode())
        new.replace(self._path)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, _FILE_MODE)
