"""Every text can be read on what it stands on, in both themes."""

import pytest

from pos_app.screens.palette import (
    CONTRAST_MIN,
    MARK_CONTRAST_MIN,
    MARK_ON,
    PALETTES,
    TEXT_ON,
    ThemeName,
    contrast,
    hex_colour,
)


@pytest.mark.parametrize("theme", ThemeName)
@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_text_stands_out(theme: ThemeName, text: str, ground: str) -> None:
    palette = PALETTES[theme]
    assert contrast(getattr(palette, text), getattr(palette, ground)) >= CONTRAST_MIN


@pytest.mark.parametrize("theme", ThemeName)
@pytest.mark.parametrize(("mark", "ground"), MARK_ON)
def test_what_is_drawn_can_be_told_from_what_it_stands_on(
    theme: ThemeName, mark: str, ground: str
) -> None:
    palette = PALETTES[theme]
    assert contrast(getattr(palette, mark), getattr(palette, ground)) >= MARK_CONTRAST_MIN


def test_contrast_is_that_of_the_guideline() -> None:
    black, white = hex_colour("000000"), hex_colour("ffffff")

    assert contrast(black, white) == pytest.approx(21)
    assert contrast(white, black) == pytest.approx(21)
    assert contrast(white, white) == pytest.approx(1)
    # The grey that WCAG's own examples give as just enough for AA on white.
    assert contrast(hex_colour("#767676"), white) == pytest.approx(4.54, abs=0.01)
