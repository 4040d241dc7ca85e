"""The customer's display in every size: nothing cut, everything readable, the code large enough."""

import json
import subprocess
import sys
from itertools import chain

from pos_app.screens.customer_display.screens import SCREENS
from pos_app.till.display_views import DisplayPay
from pos_app.till.texts import TABLES
from tests.stacks.display import VirtualDisplay
from tests.stacks.qr_codes import qr_codes_in
from tests.ui.display_examples import DISPLAYS, display
from tests.ui.examples import REQUEST_TEXT
from tests.ui.pictures import Shown
from tests.ui.rules import clipped, complaints, cut, faint, lost, outside, overlapping, small_codes

FITTING_TIMEOUT_S = 240.0
"""Some hundred screens without a frame."""


def test_every_kind_of_view_is_drawn(display_pictures: tuple[Shown, ...]) -> None:
    drawn = {type(display(shown.name, shown.language)) for shown in display_pictures}
    assert drawn == set(SCREENS)


def test_no_letter_is_clipped(display_pictures: tuple[Shown, ...]) -> None:
    complaints(chain.from_iterable(map(clipped, display_pictures)))


def test_no_letter_is_lost(display_pictures: tuple[Shown, ...]) -> None:
    complaints(chain.from_iterable(map(lost, display_pictures)))


def test_no_text_is_cut(display_pictures: tuple[Shown, ...]) -> None:
    complaints(chain.from_iterable(map(cut, display_pictures)))


def test_every_text_is_inside_its_place_and_the_window(
    display_pictures: tuple[Shown, ...],
) -> None:
    complaints(chain.from_iterable(map(outside, display_pictures)))


def test_no_text_lies_on_another(display_pictures: tuple[Shown, ...]) -> None:
    complaints(chain.from_iterable(map(overlapping, display_pictures)))


def test_every_text_stands_out_from_what_is_behind_it(
    display_pictures: tuple[Shown, ...],
) -> None:
    complaints(chain.from_iterable(map(faint, display_pictures)))


def test_no_sentence_is_cut_wherever_it_is_told(large_display: VirtualDisplay) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.ui.display_fitting"],
        env=dict(large_display.environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=FITTING_TIMEOUT_S,
    )
    assert done.returncode == 0, done.stderr
    *found, too_long = json.loads(done.stdout.splitlines()[-1])
    assert found == []
    assert "This is a very long sentence." in too_long


def test_the_request_can_be_read_from_every_picture_of_it(
    display_pictures: tuple[Shown, ...],
) -> None:
    seen = 0
    for shown in display_pictures:
        view = display(shown.name, shown.language)
        if isinstance(view, DisplayPay) and view.request_text is not None:
            assert qr_codes_in(shown.image) == [REQUEST_TEXT]
            seen += 1
    assert seen == 12


def test_the_request_is_large_enough_on_the_smallest_panel(
    display_pictures: tuple[Shown, ...],
) -> None:
    complaints(chain.from_iterable(map(small_codes, display_pictures)))


def test_there_is_nothing_to_press(display_pictures: tuple[Shown, ...]) -> None:
    assert all(shown.report["keys"] == [] for shown in display_pictures)


def test_every_demo_display_says_so(display_pictures: tuple[Shown, ...]) -> None:
    seen = set()
    for shown in display_pictures:
        head = display(shown.name, shown.language).head
        texts = {text["text"] for text in shown.report["texts"]}
        assert (head.texts.demo in texts) == head.is_demo, str(shown)
        seen.add((shown.name, head.is_demo))
    assert {is_demo for _, is_demo in seen} == {True, False}


def test_the_shop_and_both_languages_are_on_what_a_stranger_sees_first(
    display_pictures: tuple[Shown, ...],
) -> None:
    for shown in display_pictures:
        texts = {text["text"] for text in shown.report["texts"]}
        if shown.name == "display-idle":
            assert display(shown.name, shown.language).head.shop in texts
            assert {table.display_welcome for table in TABLES.values()} <= texts
        if shown.name == "display-pay":
            assert {table.display_to_pay for table in TABLES.values()} <= texts
            assert "₩12,300" in texts
    assert {"display-idle", "display-pay"} <= set(DISPLAYS)
