"""The tree of errors is the one that its docstring draws."""

from __future__ import annotations

from collections.abc import Iterator

from kscoin import errors
from kscoin.errors import KSCoinError


def _ours(error: type[KSCoinError] = KSCoinError) -> Iterator[type[KSCoinError]]:
    yield error
    for branch in error.__subclasses__():
        if branch.__module__ == errors.__name__:
            yield from _ours(branch)


def test_the_docstring_draws_them_all() -> None:
    drawn = [
        line.split()[-1] if "──" not in line else line.split("── ")[1].split()[0]
        for line in (errors.__doc__ or "").splitlines()
        if "──" in line
    ]
    assert ["KSCoinError", *drawn] == [error.__name__ for error in _ours()]


def test_codes_are_stable() -> None:
    assert {error.code: error.is_retryable for error in _ours()} == dict.fromkeys(
        [
            "error",
            "invalid_amount",
            "encoding",
            "too_large",
            "not_canonical",
            "malformed",
            "not_kscoin",
            "verification",
            "bad_signature",
            "wrong_network",
            "untrusted_key",
            "expired",
            "stale_version",
            "not_for_us",
            "parts_differ",
            "broken_chain",
            "spending",
            "exceeds_credit",
            "overlap",
            "not_a_proof",
        ],
        False,
    )


def test_context_is_kept_beside_the_message() -> None:
    error = KSCoinError("what happened", sequence=3)
    assert str(error) == "what happened"
    assert error.context == {"sequence": 3}
