"""Each slip is drawn as it was when somebody looked at it, and its code is read and verified."""

from __future__ import annotations

import io

import pytest
import zxingcpp
from PIL import Image, ImageChops

from kscoin import printed
from pos_app.slips.plain import code_on
from tests.kscoin.parties import trust
from tests.pos_app.slips.pictures import DIRECTORY, FONTS_FILE, Picture, fonts, pictures

PICTURES = pytest.mark.parametrize("picture", tuple(pictures()), ids=str)
# Another release of the library that draws letters may put a dot beside its place.
DOTS_OFF_PERCENT = 1


@PICTURES
def test_a_slip_is_drawn_as_it_was(picture: Picture) -> None:
    if FONTS_FILE.read_text().strip() != fonts():
        pytest.skip(
            "another release of the Nanum fonts is installed than the pictures were drawn with"
        )
    golden = Image.open(picture.path)
    drawn = Image.open(io.BytesIO(picture.png()))

    assert drawn.size == golden.size
    differing = ImageChops.logical_xor(drawn, golden).histogram()[-1]
    assert differing * 100 <= drawn.width * drawn.height * DOTS_OFF_PERCENT


@PICTURES
def test_the_code_on_a_slip_is_read_from_its_dots(picture: Picture) -> None:
    text = code_on(picture.slip)
    drawn = Image.open(io.BytesIO(picture.png())).convert("L")
    read = [code.text for code in zxingcpp.read_barcodes(drawn)]

    assert read == ([] if text is None else [text])
    if text is not None and picture.name != "test":
        assert printed.verify(printed.from_text(text), trust()).merchant_name


def test_there_is_no_picture_of_what_is_no_slip() -> None:
    assert {path.name for path in DIRECTORY.glob("*.png")} == {
        picture.path.name for picture in pictures()
    }
