"""What is sealed opens for its ledger alone; shipments and replies take no other bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscoin import codec, hpke
from kscoin.certificates import pin_trust, seal_trust_list
from kscoin.courier import MAX_PARCELS, Parcel, Reply, batch_in, pack, parcel_of, unpack
from kscoin.errors import EncodingError, NotForUs, TooLarge, UntrustedKey
from kscoin.messages import Purpose
from kscoin.signed import open_signed
from tests.kscoin.parties import NETWORK, NOW_S, TERMINAL_ID, key, trust, trust_list

BATCH = b"a signed batch, for all that sealing knows"
OURS = key("courier authority")


def parcel(network: str = NETWORK, terminal_id: bytes = TERMINAL_ID) -> Parcel:
    message = Parcel(terminal_id, 7, 1, 3, b"")
    made = parcel_of(BATCH, message, OURS.public_key, key("terminal"), network)
    return open_signed(Parcel, made.data, key("terminal").public_key, network).message


def test_a_parcel_opens_for_the_ledger_and_shows_nothing_to_others() -> None:
    made = parcel()

    assert batch_in(made, OURS, NETWORK) == BATCH
    assert BATCH not in made.to_payload()
    assert len(made.sealed) == len(BATCH) + hpke.OVERHEAD_BYTES
    assert (made.terminal_id, made.batch_number) == (TERMINAL_ID, 7)
    # Sealed anew each time: who sees two parcels cannot tell that they hold the same.
    assert parcel().sealed != made.sealed


def test_another_key_network_or_terminal_does_not_open_it() -> None:
    with pytest.raises(NotForUs):
        batch_in(parcel(), key("thief"), NETWORK)
    with pytest.raises(NotForUs):
        batch_in(parcel(), OURS, "seoul")
    moved = Parcel(b"stranger", 7, 1, 3, parcel().sealed)
    with pytest.raises(NotForUs):
        batch_in(moved, OURS, NETWORK)


@given(st.binary(max_size=120))
def test_what_was_never_sealed_does_not_open(data: bytes) -> None:
    with pytest.raises(NotForUs):
        hpke.opened(data, OURS, b"context")


@given(st.integers(0, len(BATCH) + hpke.OVERHEAD_BYTES - 1), st.integers(0, 7))
def test_one_bit_that_changed_is_noticed(at: int, bit: int) -> None:
    sealed = bytearray(hpke.sealed(BATCH, OURS.public_key, b"context"))
    sealed[at] ^= 1 << bit
    with pytest.raises(NotForUs):
        hpke.opened(bytes(sealed), OURS, b"context")


def test_terminals_seal_to_the_newest_courier_key_that_is_valid() -> None:
    assert trust().sealing_key(NOW_S) == OURS.public_key
    with pytest.raises(UntrustedKey):
        trust().sealing_key(NOW_S + 10**9)


def test_a_ledger_without_a_courier_key_takes_no_couriers() -> None:
    listing = trust_list()
    others = tuple(each for each in listing.authorities if each.purpose is not Purpose.COURIER)
    bare = type(listing)(listing.version, listing.issued_at_s, others, listing.roots)
    data = seal_trust_list(bare, [key("root")], NETWORK)
    with pytest.raises(UntrustedKey):
        pin_trust(data, key("root").public_key, NETWORK).sealing_key(NOW_S)


def test_a_shipment_is_a_few_parcels() -> None:
    assert unpack(pack([b"one", b"two"])) == (b"one", b"two")
    for nonsense in (pack([]), pack([b""] * (MAX_PARCELS + 1)), codec.encode({0: 1})):
        with pytest.raises(EncodingError):
            unpack(nonsense)
    with pytest.raises(TooLarge):
        unpack(bytes(9_000_000))


parts = st.lists(st.binary(max_size=9), max_size=3).map(tuple)


@given(parts, parts, parts)
def test_a_reply_comes_back_as_it_went(
    acknowledgements: tuple[bytes, ...], policies: tuple[bytes, ...], steps: tuple[bytes, ...]
) -> None:
    reply = Reply(acknowledgements, policies, steps)
    assert Reply.decode(reply.encode()) == reply


@given(st.binary(max_size=200))
def test_any_bytes_are_a_shipment_or_an_error_of_ours(data: bytes) -> None:
    for read in (unpack, Reply.decode):
        try:
            read(data)
        except EncodingError:
            continue


@pytest.mark.parametrize("value", [[], [[], []], [[1], [], []], [b"", [], []], [[[]], [], []]])
def test_what_is_no_reply_is_malformed(value: list[codec.Value]) -> None:
    with pytest.raises(EncodingError):
        Reply.decode(codec.encode(value))
