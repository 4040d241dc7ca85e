"""Whose turn it is: one card at a time, and no reader that is held up holds up another."""

from __future__ import annotations

from drivers.card.turns import MEET_S, Turns


class Bench:
    """Two readers, and a clock that a test sets."""

    def __init__(self) -> None:
        self.now_s = 0.0
        turns = Turns(lambda: self.now_s)
        self.left, self.right = turns.seat("left"), turns.seat("right")


def test_one_card_is_served_at_a_time() -> None:
    bench = Bench()
    assert bench.left.take(0)
    assert bench.left.keep()
    bench.now_s = 60.0
    # However long it takes: the till waits for this card.
    assert not bench.right.take(0)
    assert bench.left.keep()
    bench.left.give_back()
    assert bench.right.take(0)


def test_each_knows_of_the_others() -> None:
    bench = Bench()
    assert (bench.left.others(), bench.right.others()) == (("right",), ("left",))
    bench.right.leave()
    assert bench.left.others() == ()
    assert not bench.right.take(0)


def test_one_that_is_slow_to_meet_its_card_is_overtaken() -> None:
    bench = Bench()
    assert bench.left.take(0)
    bench.now_s = MEET_S / 2
    assert not bench.right.take(0)
    bench.now_s = MEET_S
    assert bench.right.take(0)
    # Its card is no second one: nobody can say whether it is still there.
    assert bench.right.others() == ()

    assert not bench.left.keep()
    assert bench.right.others() == ("left",)
    assert bench.right.keep()
    bench.left.give_back()
    assert not bench.left.take(0)


def test_one_that_was_slow_goes_on_where_nobody_waited() -> None:
    bench = Bench()
    assert bench.left.take(0)
    bench.now_s = MEET_S
    assert bench.left.keep()
    assert not bench.right.take(0)


def test_one_that_hangs_is_passed_over_until_it_is_well() -> None:
    bench = Bench()
    assert bench.left.take(0)
    assert bench.left.keep()
    bench.left.pass_over()
    assert bench.right.others() == ()
    assert bench.right.take(0)

    bench.left.readmit()
    assert bench.right.others() == ("left",)
    bench.left.give_back()
    assert not bench.left.take(0)
