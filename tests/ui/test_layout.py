"""Where the till is in its window, and the demo's customer beside or over it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_app.screens.layout import CUSTOMER_WIDTH, TILL_LONG, TILL_SHORT, layout_of

SIDES = st.integers(min_value=320, max_value=4_000)


@pytest.mark.parametrize(
    ("size", "scale", "is_wide"),
    [((800, 480), 1, True), ((1280, 720), 1.5, True), ((720, 1280), 1.5, False)],
)
def test_the_till_fills_its_window(size: tuple[int, int], scale: float, is_wide: bool) -> None:
    layout = layout_of(*size, has_customer=False)

    assert (layout.scale, layout.is_wide) == (scale, is_wide)
    assert layout.till_width == size[0]


def test_a_demo_on_a_desk_has_the_customer_beside_an_untouched_till() -> None:
    layout = layout_of(TILL_LONG + CUSTOMER_WIDTH, TILL_SHORT, has_customer=True)

    assert (layout.scale, layout.is_drawer) == (1, False)
    assert (layout.till_width, layout.customer_width) == (TILL_LONG, CUSTOMER_WIDTH)


@pytest.mark.parametrize("size", [(800, 480), (480, 800), (720, 1280)])
def test_where_there_is_no_room_beside_it_the_customer_lies_over_the_till(
    size: tuple[int, int],
) -> None:
    layout = layout_of(*size, has_customer=True)

    assert layout.is_drawer
    assert layout.till_width == size[0]


@given(SIDES, SIDES, st.booleans())
def test_a_till_always_fits_its_part_of_the_window(
    width: int, height: int, has_customer: bool
) -> None:
    layout = layout_of(width, height, has_customer=has_customer)
    long, short = TILL_LONG * layout.scale, TILL_SHORT * layout.scale
    needed = (long, short) if layout.is_wide else (short, long)

    assert needed[0] <= layout.till_width + 1e-6
    assert needed[1] <= layout.height + 1e-6
