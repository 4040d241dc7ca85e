"""Each slip is drawn as it was when somebody looked at it, and its code is read and verified."""

from __future__ import annotations

import pytest
from PIL import Image, ImageChops

from kscoin import printed
from pos_app.slips.plain import code_on
from tests.drivers.printer.reading import codes_in, image_of
from tests.kscoin.parties import trust
from tests.pos_app.slips.pictures import DIRECTORY, Picture, pictures

PICTURES = pytest.mark.parametrize("picture", tuple(pictures()), ids=str)


@PICTURES
def test_a_slip_is_drawn_as_it_was(picture: Picture) -> None:
    golden, drawn = Image.open(picture.path).convert("L"), image_of(picture.drawn())

    assert drawn.size == golden.size
    assert ImageChops.difference(drawn, golden).getbbox() is None


@PICTURES
def test_the_code_on_a_slip_is_read_from_its_dots(picture: Picture) -> None:
    text = code_on(picture.slip)

    assert codes_in(picture.drawn()) == ([] if text is None else [text])
    if text is not None and picture.name != "test":
        assert printed.verify(printed.from_text(text), trust()).merchant_name


def test_there_is_no_picture_of_what_is_no_slip() -> None:
    assert {path.name for path in DIRECTORY.iterdir()} == {
        picture.path.name for picture in pictures()
    }
