"""Slips as pictures: the same to the dot as those that were looked at, and read back."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageFont

from drivers.errors import LogoUnreadable, PrinterFontMissing, SlipTooWide
from drivers.printer import fonts, raster
from drivers.printer.bitmap import Bitmap, png_of
from drivers.printer.slip import Align, Banner, Logo, Pair, Paper, QrCode, Size, Slip, Text
from tests.drivers.printer.make import GOLDEN, pictures
from tests.drivers.printer.reading import codes_in, image_of
from tests.drivers.printer.slips import CODE, KOREAN_RECEIPT, LOGO, SHORT_CODE
from tests.house.sources import ROOT

BUILD = ROOT / "build" / "slips"
"""Where a picture that differs is put, with what is too much in red and what is missing in blue."""

EVERY_PAPER = pytest.mark.parametrize("paper", Paper)


@pytest.mark.parametrize(("name", "slip", "paper"), list(pictures()))
def test_every_slip_is_the_one_that_was_looked_at(name: str, slip: Slip, paper: Paper) -> None:
    golden = Image.open(GOLDEN / name).convert("L")
    drawn = Image.open(io.BytesIO(raster.png(slip, paper))).convert("L")

    assert is_same(golden, drawn), f"it differs: see {difference(golden, drawn, name)}"


def test_a_difference_can_be_looked_at(tmp_path: Path) -> None:
    white = Image.new("L", (16, 4), 255)
    dotted = white.copy()
    dotted.putpixel((3, 2), 0)

    assert is_same(white, white.copy())
    assert not is_same(white, dotted)
    shown = Image.open(difference(white, dotted, "dot.png", tmp_path))
    assert shown.getpixel((3, 2)) == (255, 0, 0)
    shown = Image.open(difference(dotted, white, "dot.png", tmp_path))
    assert shown.getpixel((3, 2)) == (0, 0, 255)


def test_every_golden_picture_is_of_a_slip() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {name for name, _, _ in pictures()}


@EVERY_PAPER
@pytest.mark.parametrize("text", [CODE, SHORT_CODE, "https://example.org/한글", "KS1:A"])
def test_a_code_can_be_read_from_the_paper(paper: Paper, text: str) -> None:
    drawn = raster.draw(Slip((Text("위"), QrCode(text), Text("아래"))), paper.dots)

    assert codes_in(drawn) == [text]


@pytest.mark.parametrize("dots", [384, 512, 576])
def test_a_slip_is_as_wide_as_the_head_and_all_of_it_is_black_or_white(dots: int) -> None:
    drawn = raster.draw(KOREAN_RECEIPT, dots)

    assert drawn.width == dots
    assert len(drawn.rows) == drawn.height * dots // 8
    assert set(image_of(drawn).tobytes()) == {0, 255}


def test_the_same_slip_is_the_same_picture_in_every_process() -> None:
    command = (
        "import hashlib; from drivers.printer import raster;"
        "from drivers.printer.slip import Paper;"
        "from tests.drivers.printer.slips import KOREAN_RECEIPT as slip;"
        "print(hashlib.sha256(raster.png(slip, Paper.MM80)).hexdigest())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", command],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1


@pytest.mark.parametrize("size", Size)
@pytest.mark.parametrize("is_bold", [False, True])
def test_won_and_hangul_are_really_there(size: Size, is_bold: bool) -> None:
    # A letter that a font does not have is drawn as the same box, or not at all.
    drawn = {
        letter: raster.draw(Slip((Text(letter, size, is_bold=is_bold),)), 64).rows
        for letter in "₩가힣뷁쀍0-·"
    }
    missing = raster.draw(Slip((Text("\U0010fffd", size, is_bold=is_bold),)), 64).rows

    assert len(set(drawn.values())) == len(drawn)
    assert missing not in drawn.values()
    assert all(any(rows) for rows in drawn.values())


def test_figures_stand_below_each_other() -> None:
    for font in (path for found in fonts.find_fonts() for path in (found.regular, found.bold)):
        letters = ImageFont.truetype(str(font), 24, layout_engine=ImageFont.Layout.BASIC)
        assert len({letters.getlength(figure) for figure in "0123456789"}) == 1


@EVERY_PAPER
@pytest.mark.parametrize("size", Size)
@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("Café Crème", "Café Crème"),
        ("Cafe\u0301", "Café"),
        ("Łódź", "Łódz"),
        ("한글 😀 쀍", "한글 □ 쀍"),
        ("ขอบ Phở", "□□□ Pho"),
        ("東京 ラーメン", "東京 ラーメン"),
    ],
)
def test_what_is_printed_of_letters_that_are_rare(
    paper: Paper, size: Size, text: str, printed: str
) -> None:
    drawn = raster.draw(Slip((Text(text, size),)), paper.dots)

    assert drawn == raster.draw(Slip((Text(printed, size),)), paper.dots)
    assert drawn != raster.draw(Slip((Text(printed[:-1], size),)), paper.dots)


@given(st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zs", "Zl", "Zp"]), min_size=1))
def test_no_text_is_printed_as_nothing(text: str) -> None:
    assert any(raster.draw(Slip((Text(text),)), 384).rows)


def test_every_text_of_a_slip_is_in_the_letters_of_one_font() -> None:
    blocks = (Text("é😀"), Pair("é😀", "é😀"), Banner("é😀"), QrCode("é😀"))
    marked = (Text("é□"), Pair("é□", "é□"), Banner("é□"), QrCode("é😀"))

    assert [*Slip(blocks).texts()] == ["é😀"] * 4
    assert Slip(blocks).spelt(lambda text: text.replace("😀", "□")) == Slip(marked)
    # One accent, and all of it is in the font that has it, also where it would need none.
    alone = raster.draw(Slip((Text("가격"),)), 384)
    beside = raster.draw(Slip((Text("가격"), Text("é"))), 384)
    assert beside.rows[: len(alone.rows)] != alone.rows


def test_a_logo_is_dithered_and_letters_are_not() -> None:
    logo = raster.draw(Slip((Logo(LOGO),)), 576)
    rows = {image_of(logo).crop((240, row, 336, row + 1)).tobytes() for row in range(96)}

    # A picture that fades has dots thrown over it, so that its rows are not alike.
    assert len(rows) > 48


def test_a_logo_that_is_see_through_is_on_white_paper() -> None:
    clear = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    drawn = raster.draw(Slip((Logo(as_png(clear)),)), 384)

    assert not any(drawn.rows)


def test_a_code_with_no_room_is_refused_and_so_is_one_that_there_is_none_of() -> None:
    with pytest.raises(SlipTooWide):
        raster.draw(Slip((QrCode("A" * 3_000),)), 384)
    with pytest.raises(SlipTooWide):
        raster.draw(Slip((QrCode("A" * 9_000),)), 576)


def as_png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def spoilt(change: Callable[[bytearray], object]) -> bytes:
    data = bytearray(LOGO)
    change(data)
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no picture",
        LOGO[:8],
        LOGO[:60],
        LOGO[: len(LOGO) // 2],
        # Another kind of picture is not taken, however well Pillow would read it.
        b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
        spoilt(lambda data: data.__setitem__(45, data[45] ^ 0xFF)),
        # More pixels than a paper has any use for: refused by its header, before it is unpacked.
        spoilt(lambda data: data.__setitem__(slice(16, 24), b"\x00\x00\xff\xff\x00\x00\xff\xff")),
        as_png(Image.new("1", (8, 1_001))),
    ],
)
def test_a_logo_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(LogoUnreadable) as raised:
        raster.draw(Slip((Logo(data),)), 576)
    assert raised.value.device == "slip"


@given(st.data())
def test_a_spoilt_logo_is_drawn_or_refused(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(LOGO) - 1))
    broken = spoilt(lambda logo: logo.__setitem__(at, data.draw(st.integers(0, 255))))

    try:
        raster.draw(Slip((Logo(broken),)), 384)
    except LogoUnreadable:
        return


@pytest.mark.parametrize(
    "error",
    [
        OSError("cannot identify"),
        SyntaxError("broken PNG file"),
        ValueError("truncated"),
        Image.DecompressionBombError("bomb"),
    ],
)
def test_whatever_pillow_says_to_a_logo(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr(Image, "open", fail)
    with pytest.raises(LogoUnreadable) as raised:
        raster.draw(Slip((Logo(LOGO),)), 384)
    assert raised.value.__cause__ is error


def test_no_font_and_one_that_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(PrinterFontMissing):
        fonts.find_fonts([tmp_path])
    # Pillow looks for a file of the same name elsewhere when it cannot read one.
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    monkeypatch.setattr(raster, "find_fonts", lambda: (fonts.SlipFonts(broken, broken),))
    with pytest.raises(PrinterFontMissing):
        raster.draw(Slip((Text("가", align=Align.CENTRE),)), 384)


@given(st.integers(1, 40), st.integers(1, 12), st.data())
def test_a_bitmap_becomes_a_file_that_others_read(
    width: int, height: int, data: st.DataObject
) -> None:
    row_bytes = (width + 7) // 8
    rows = data.draw(st.binary(min_size=row_bytes * height, max_size=row_bytes * height))
    image = Image.open(io.BytesIO(png_of(Bitmap(width, rows))))

    assert (image.mode, image.size) == ("1", (width, height))
    black = [
        bool(rows[y * row_bytes + x // 8] & (0x80 >> x % 8))
        for y in range(height)
        for x in range(width)
    ]
    grey = image.convert("L").tobytes()
    assert [not value for value in grey] == black


def test_a_bitmap_in_bands_is_whole() -> None:
    bitmap = Bitmap(12, bytes(range(22)))
    bands = list(bitmap.bands(4))

    assert [band.height for band in bands] == [4, 4, 3]
    assert b"".join(band.rows for band in bands) == bitmap.rows


def is_same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and ImageChops.difference(one, other).getbbox() is None


def difference(golden: Image.Image, drawn: Image.Image, name: str, directory: Path = BUILD) -> Path:
    """Write a picture of both: red is too much, blue is missing."""
    size = (max(golden.width, drawn.width), max(golden.height, drawn.height))
    wanted, got = (Image.new("L", size, 255) for _ in range(2))
    wanted.paste(golden)
    got.paste(drawn)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    # Red is white where the golden one is, blue where the drawn one is, green where both are.
    Image.merge("RGB", (wanted, ImageChops.darker(wanted, got), got)).save(path)
    return path
