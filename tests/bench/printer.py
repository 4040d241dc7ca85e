"""What a slip costs: from what it holds to its dots, to its bytes, and to paper on a socket.

Beside the dots stands Pillow drawing the same words with nothing around them; beside the printer
a bare socket that is sent as many bytes and answers with one.
"""

from __future__ import annotations

import socket
from functools import partial
from threading import Thread
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from drivers.printer import commands, raster
from drivers.printer.bitmap import Bitmap
from drivers.printer.conversation import Conversation
from drivers.printer.fonts import find_fonts
from drivers.printer.names import NetworkName
from drivers.printer.ports import port_of
from drivers.printer.profiles import EPSON
from drivers.printer.slip import Pair, Paper, Slip, Text
from drivers.simulated.socket_printer import SocketPrinter
from tests.bench.figures import (
    AtMost,
    Measured,
    count,
    figure,
    ratio,
    seconds_of,
    side_by_side,
)
from tests.drivers.printer.slips import KOREAN_RECEIPT

RUNS: Final = 9
DOTS: Final = Paper.MM80.dots
LOOPBACK: Final = "127.0.0.1"
EM_DOTS: Final = 24
LINE_DOTS: Final = 31
TIMEOUT_S: Final = 10.0
CHUNK_BYTES: Final = 65_536


@figure(unit="times", aim=AtMost(12))
def dots_over_bare_words() -> Measured:
    """A receipt with its code and its logo to dots, beside its words alone."""
    ours, bare = side_by_side(
        seconds_of(lambda: raster.draw(KOREAN_RECEIPT, DOTS)),
        seconds_of(lambda: _bare_words(KOREAN_RECEIPT)),
        RUNS,
    )
    return ratio(ours, bare, beside="Pillow drawing the same words")


@figure(unit="bytes", aim=AtMost(100_000))
def bytes_of_a_receipt() -> Measured:
    """What is sent for a receipt of 80 mm: its bands, what comes before and the cut."""
    bitmap = raster.draw(KOREAN_RECEIPT, DOTS)
    bands = sum(map(len, commands.picture(bitmap)))
    sent = len(commands.reset()) + bands + len(commands.cut(EPSON))
    beside = f"{bitmap.height} rows, as they are: {len(bitmap.rows):,} bytes"
    return count([sent] * RUNS, beside=beside)


@figure(unit="times", aim=AtMost(20))
def printing_over_a_bare_socket() -> Measured:
    """A receipt asked for, sent and confirmed, beside as many bytes and one back."""
    bitmap = raster.draw(KOREAN_RECEIPT, DOTS)
    with SocketPrinter() as printer:
        talk = Conversation(port_of(NetworkName(LOOPBACK, printer.port)), EPSON)
        ours, bare = side_by_side(
            seconds_of(partial(_print, talk, bitmap)),
            seconds_of(partial(_bare_exchange, len(bitmap.rows))),
            RUNS,
        )
    return ratio(ours, bare, beside="a socket that is sent as much and answers with a byte")


def _print(talk: Conversation, bitmap: Bitmap) -> None:
    talk.open()
    talk.look()
    talk.print(bitmap, lambda: False)
    assert talk.finish(lambda: False)
    talk.close()


def _bare_words(slip: Slip) -> Image.Image:
    words = [
        each.text if isinstance(each, Text) else f"{each.name} {each.value}"
        for each in slip.blocks
        if isinstance(each, Text | Pair)
    ]
    picture = Image.new("1", (DOTS, LINE_DOTS * len(words)), 1)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.truetype(
        str(find_fonts()[0].regular), EM_DOTS, layout_engine=ImageFont.Layout.BASIC
    )
    for row, line in enumerate(words):
        pen.text((0, row * LINE_DOTS), line, 0, font)
    return picture


def _bare_exchange(size: int) -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        answering = Thread(target=_answer, args=(server, size))
        answering.start()
        with socket.create_connection(server.getsockname(), TIMEOUT_S) as line:
            line.sendall(bytes(size))
            assert line.recv(1)
        answering.join()


def _answer(server: socket.socket, size: int) -> None:
    line, _ = server.accept()
    with line:
        while size > 0:
            size -= len(line.recv(CHUNK_BYTES))
        line.sendall(b"\x12")
