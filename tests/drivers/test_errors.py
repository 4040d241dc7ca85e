"""The tree of device errors: what each one says besides its sentence."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import drivers.errors
from drivers.errors import CardRefused, DebitTorn, DriverError, NextStep
from kscoin.errors import KSCoinError


def below(error: type[DriverError]) -> Iterator[type[DriverError]]:
    yield error
    for branch in error.__subclasses__():
        # Others have branches of their own, if they are loaded.
        if branch.__module__.startswith("drivers."):
            yield from below(branch)


ALL = list(below(DriverError))


def instance(error: type[DriverError]) -> DriverError:
    return (
        error("reader 1", "why", 0x6985)
        if issubclass(error, CardRefused)
        else error("reader 1", "why")
    )


@pytest.mark.parametrize("error", ALL)
def test_an_error_names_its_device_and_one_next_step(error: type[DriverError]) -> None:
    raised = instance(error)

    assert raised.device == "reader 1"
    assert str(raised).startswith("reader 1: why")
    assert isinstance(raised.next_step, NextStep)


def test_only_a_torn_debit_leaves_it_open_whether_money_moved() -> None:
    assert [error for error in ALL if error.money_may_have_moved] == [DebitTorn]


@pytest.mark.parametrize("error", ALL)
def test_the_tree_has_one_trunk_and_is_drawn_whole(error: type[DriverError]) -> None:
    assert len(error.__bases__) == 1
    assert issubclass(error, KSCoinError)
    assert f"── {error.__name__}" in (drivers.errors.__doc__ or "")
