"""Examples that others have published: RFC 8949, 9052, 9285 and 6979."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from kscoin import codec, cose
from kscoin.base45 import base45_decode, base45_encode
from kscoin.errors import BadSignature, EncodingError, Malformed
from kscoin.keys import P256_ORDER, PublicKey, SoftwareSigner
from tests.vectors import make
from tests.vectors.diagnostic import diagnostic

Case = dict[str, Any]


def _file(name: str) -> Any:
    return json.loads((make.HERE / "public" / name).read_text(encoding="utf-8"))


RFC_8949: Final = _file("rfc8949.json")
RFC_9052: Final = _file("rfc9052.json")
RFC_9285: Final = _file("rfc9285.json")
RFC_6979: Final = _file("rfc6979.json")


def test_no_example_of_rfc_8949_is_left_out() -> None:
    assert len(RFC_8949["allowed"]) + len(RFC_8949["not_allowed"]) == 82


@pytest.mark.parametrize("case", RFC_8949["allowed"], ids=lambda case: case["cbor"])
def test_cbor_that_ksp_allows(case: Case) -> None:
    value = codec.decode(bytes.fromhex(case["cbor"]))
    assert diagnostic(value) == case["means"]
    assert codec.encode(value).hex() == case["cbor"]


@pytest.mark.parametrize("case", RFC_8949["not_allowed"], ids=lambda case: case["cbor"])
def test_cbor_that_ksp_does_not_allow(case: Case) -> None:
    with pytest.raises(EncodingError):
        codec.decode(bytes.fromhex(case["cbor"]))


@pytest.mark.parametrize("case", RFC_9052["examples"], ids=lambda case: case["name"])
def test_cose_sign1_with_es256(case: Case) -> None:
    part = {name: bytes.fromhex(case[name]) for name in case if name not in ("name", "holds")}
    key = PublicKey(part["public_key"])
    structure = codec.encode(["Signature1", part["protected"], part["external"], part["payload"]])
    if case["holds"]:
        assert structure == part["to_be_signed"]
        key.verify(part["signature"], structure)
    else:
        with pytest.raises(BadSignature):
            key.verify(part["signature"], structure)
    with pytest.raises(Malformed):
        cose.parse(part["message"])


def test_our_sig_structure_is_that_of_rfc_9052() -> None:
    header = bytes.fromhex("a201260448") + b"kid-kid-"
    structure = codec.encode(["Signature1", header, b"KSP1:seoul", b"payload"])
    assert cose.to_be_signed(b"payload", b"kid-kid-", "seoul") == structure


@pytest.mark.parametrize("case", RFC_9285["encoded"], ids=lambda case: case["text"])
def test_base45(case: Case) -> None:
    assert base45_encode(bytes.fromhex(case["bytes"])) == case["text"]
    assert base45_decode(case["text"]) == bytes.fromhex(case["bytes"])


@pytest.mark.parametrize("text", RFC_9285["refused"])
def test_base45_that_says_too_much(text: str) -> None:
    with pytest.raises(Malformed):
        base45_decode(text)


@pytest.mark.parametrize("case", RFC_6979["examples"], ids=lambda case: case["message"])
def test_deterministic_signatures(case: Case) -> None:
    signature = SoftwareSigner(int(RFC_6979["scalar"], 16)).sign(bytes.fromhex(case["message"]))
    s = int(case["s"], 16)
    assert signature[:32].hex() == case["r"]
    assert int.from_bytes(signature[32:], "big") == min(s, P256_ORDER - s)
