"""The request's code, before it is on a screen."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kscoin.base45 import base45_encode
from kscoin.qr import MAX_TEXT, PREFIX
from kscoin.qr_picture import QUIET_MODULES, QrPicture, qr_picture
from tests.stacks.qr_codes import qr_codes_in

# Pixels a module: what the reader needs to see at least.
ENLARGED = 3


def read(picture: QrPicture) -> str:
    image = Image.frombytes("L", (picture.side, picture.side), picture.pixels)
    size = picture.side * ENLARGED
    [text] = qr_codes_in(image.resize((size, size), Image.Resampling.NEAREST))
    return text


@settings(max_examples=15)
@given(st.binary(min_size=1, max_size=700))
def test_what_is_drawn_can_be_read(data: bytes) -> None:
    text = PREFIX + base45_encode(data)
    assert read(qr_picture(text)) == text


def test_a_code_has_its_quiet_zone() -> None:
    picture = qr_picture(PREFIX + "A" * 500)
    rows = [
        picture.pixels[row * picture.side : (row + 1) * picture.side] for row in range(picture.side)
    ]

    assert all(set(row) == {255} for row in (*rows[:QUIET_MODULES], *rows[-QUIET_MODULES:]))
    assert all(set(row[:QUIET_MODULES]) == {255} for row in rows)
    assert rows[QUIET_MODULES][QUIET_MODULES] == 0


@pytest.mark.parametrize("length", [514, 568])
def test_a_request_of_the_usual_length_has_modules_of_a_few_pixels(length: int) -> None:
    # 85 modules and the quiet zone, four pixels each, fill the Pay screen's card.
    assert qr_picture(PREFIX + "A" * (length - len(PREFIX))).side <= 85


def test_the_longest_text_there_can_be_has_a_code() -> None:
    assert qr_picture(PREFIX + "A" * (MAX_TEXT - len(PREFIX))).side > 100


def test_drawing_a_code_loads_no_pillow() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from kscoin.qr_picture import qr_picture; qr_picture('KS1:A');"
            "print('PIL' in sys.modules); import PIL.Image",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "False"
