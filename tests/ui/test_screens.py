"""Every screen in every size: nothing cut, nothing in the way, everything readable and in reach."""

import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain, combinations

import pytest

from pos_app.till.office_views import ChooseView
from pos_app.till.presses import STATUS_PRESSES, Press
from pos_app.till.views import CustomerAct, PayView, QueueView, RefusedView, SellView, Waiting
from tests.stacks.display import VirtualDisplay
from tests.stacks.qr_codes import qr_codes_in
from tests.ui.examples import REQUEST_TEXT, example
from tests.ui.pictures import Box, Shown
from tests.ui.rules import (
    boxes,
    clipped,
    complaints,
    cut,
    faint,
    lost,
    outside,
    overlapping,
    small_codes,
)

TOUCH_MIN = 72
GAP_MIN = 8
"""Both in units of the design: pixels at 800 x 480 (till.md, "Look")."""

HINT_GAP_MAX = 4
"""In units of the design; the line boxes of a title and of its hint may also share some air."""

ROUNDING = 1
"""Widgets stand on whole pixels, so that a side may be one pixel less than its share."""

FITTING_TIMEOUT_S = 240.0
"""A thousand screens without a frame: some 15 s on an idle PC."""

# The bar's own way to the demo's customer, which is no press of the till's.
DEMO = "demo"
CUSTOMER_KEYS = {act.value for act in CustomerAct}


@pytest.fixture(scope="module")
def each(pictures: tuple[Shown, ...]) -> tuple[Shown, ...]:
    return pictures


def test_no_letter_is_clipped(each: tuple[Shown, ...]) -> None:
    complaints(chain.from_iterable(map(clipped, each)))


def test_no_letter_is_lost(each: tuple[Shown, ...]) -> None:
    complaints(chain.from_iterable(map(lost, each)))


def test_no_text_is_cut(each: tuple[Shown, ...]) -> None:
    complaints(chain.from_iterable(map(cut, each)))


def test_no_sentence_is_cut_wherever_it_is_told(large_display: VirtualDisplay) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.ui.fitting"],
        env=dict(large_display.environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=FITTING_TIMEOUT_S,
    )
    assert done.returncode == 0, done.stderr
    *cut, too_long = json.loads(done.stdout.splitlines()[-1])

    assert cut == []
    assert "This is a very long sentence." in too_long


def test_every_text_is_inside_its_place_and_the_window(each: tuple[Shown, ...]) -> None:
    complaints(chain.from_iterable(map(outside, each)))


def test_no_text_lies_on_another(each: tuple[Shown, ...]) -> None:
    complaints(chain.from_iterable(map(overlapping, each)))


def test_a_hint_stands_below_its_title_and_titles_in_a_row(each: tuple[Shown, ...]) -> None:
    def crooked() -> Iterator[str]:
        for shown in each:
            view = example(shown.name, shown.language)
            if not isinstance(view, ChooseView):
                continue
            drawn, keys = dict(boxes(shown, "texts", "drawn")), dict(boxes(shown, "keys"))
            titled = [(drawn[each.title], each, keys[each.press.value]) for each in view.options]
            for title, option, _ in titled:
                if option.hint and title.y - drawn[option.hint].top > HINT_GAP_MAX * shown.scale:
                    yield f"{shown}: {option.hint!r} is far below {option.title!r}"
            for (a, one, key), (b, other, beside) in combinations(titled, 2):
                if key.y == beside.y and bool(one.hint) is bool(other.hint) and a.y != b.y:
                    yield f"{shown}: {one.title!r} and {other.title!r} stand on different lines"

    complaints(crooked())


def test_the_oldest_is_as_old_as_the_list_says(each: tuple[Shown, ...]) -> None:
    for shown in each:
        view = example(shown.name, shown.language)
        if isinstance(view, QueueView) and view.entries:
            waiting = (Waiting.FOR_LINE, Waiting.SENDING)
            oldest_s = max(entry.age_s for entry in view.entries if entry.waiting in waiting)
            said = view.texts.oldest.format(age=view.texts.age(oldest_s))
            assert said in dict(boxes(shown, "texts")), str(shown)


def test_every_text_stands_out_from_what_is_behind_it(each: tuple[Shown, ...]) -> None:
    complaints(chain.from_iterable(map(faint, each)))


def test_every_key_is_large_enough_for_a_wet_finger(each: tuple[Shown, ...]) -> None:
    complaints(
        f"{shown}: {name} is {box.width:.0f} x {box.height:.0f}"
        for shown in each
        for name, box in boxes(shown, "keys")
        if min(box.width, box.height) < TOUCH_MIN * shown.scale - ROUNDING
    )


def test_keys_keep_their_distance(each: tuple[Shown, ...]) -> None:
    complaints(
        f"{shown}: {one} and {other} are {a.gap_to(b):.1f} px apart"
        for shown in each
        for (one, a), (other, b) in combinations(boxes(shown, "keys"), 2)
        if a.gap_to(b) < GAP_MIN * shown.scale - ROUNDING
    )


def test_no_key_leaves_the_window(each: tuple[Shown, ...]) -> None:
    complaints(
        f"{shown}: {name} leaves the window"
        for shown in each
        for name, box in boxes(shown, "keys")
        if not Box(0, 0, *shown.job.size).holds(box)
    )


def test_a_screen_offers_what_its_view_offers(each: tuple[Shown, ...]) -> None:
    def differences() -> Iterator[str]:
        for shown in each:
            view = example(shown.name, shown.language)
            names = {key["name"] for key in shown.report["keys"]} - CUSTOMER_KEYS - {DEMO}
            # The bar's keys are always there, and asleep where money is moving.
            unexpected = names - {press.value for press in view.presses | STATUS_PRESSES}
            missing = {press.value for press in view.presses} - names
            if isinstance(view, RefusedView) and not view.can_pay_again:
                missing -= {Press.PAY_AGAIN.value}
            if "fault-final" in shown.name:
                missing -= {Press.RETRY.value}
            if unexpected or missing:
                yield f"{shown}: unexpected {unexpected}, missing {missing}"

    complaints(differences())


def test_a_key_that_does_nothing_now_is_off(each: tuple[Shown, ...]) -> None:
    in_bar = {press.value for press in STATUS_PRESSES}
    for shown in each:
        view = example(shown.name, shown.language)
        awake = {key["name"] for key in shown.report["keys"] if key["is_on"]}
        assert awake & in_bar == {press.value for press in view.presses} & in_bar, str(shown)
        if isinstance(view, SellView):
            assert (Press.PAY.value in awake) == view.can_pay, str(shown)


def test_the_request_can_be_read_from_every_picture_of_it(each: tuple[Shown, ...]) -> None:
    seen = 0
    for shown in each:
        view = example(shown.name, shown.language)
        if isinstance(view, PayView) and view.request_text is not None:
            assert qr_codes_in(shown.image) == [REQUEST_TEXT], str(shown)
            seen += 1
    assert seen >= 14


def test_the_request_is_large_enough_on_the_smallest_panel(each: tuple[Shown, ...]) -> None:
    complaints(chain.from_iterable(map(small_codes, each)))


def test_every_demo_screen_says_so(each: tuple[Shown, ...]) -> None:
    for shown in each:
        view = example(shown.name, shown.language)
        texts = {text["text"] for text in shown.report["texts"]}
        assert (view.texts.demo in texts) == view.status.is_demo, str(shown)


def test_low_paper_is_said_in_the_bar(each: tuple[Shown, ...]) -> None:
    seen = 0
    for shown in each:
        view = example(shown.name, shown.language)
        texts = {text["text"] for text in shown.report["texts"]}
        wide, high = shown.job.size
        # A tall bar has room for one mark, and what cannot be used comes first.
        is_told = view.status.is_paper_low and (wide > high or not view.status.devices)
        assert (view.texts.paper_low in texts) == is_told, str(shown)
        seen += is_told
    assert seen


def test_money_at_risk_is_always_in_sight(each: tuple[Shown, ...]) -> None:
    for shown in each:
        view = example(shown.name, shown.language)
        texts = {text["text"] for text in shown.report["texts"]}
        assert view.texts.at_risk in texts, str(shown)
        assert f"₩{view.status.at_risk.unsettled_won:,}" in texts, str(shown)
