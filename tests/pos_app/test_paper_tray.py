"""The demo's paper tray: what a printer cuts off is a picture a moment later."""

from __future__ import annotations

import socket
from pathlib import Path

from drivers.printer.bitmap import Bitmap, png_of
from drivers.simulated.socket_printer import SocketPrinter
from pos_app.demo.paper_tray import LAST, PaperTray

# ESC/POS: a raster of one byte by two rows, then a cut (GS v 0, GS V 0).
_SLIP = b"\x1dv0\x00\x01\x00\x02\x00%c%c\x1dV\x00"


def slip(row: int) -> bytes:
    return _SLIP % (row, row)


def picture(row: int, width: int) -> bytes:
    one = bytes([row]).ljust((width + 7) // 8, b"\0")
    return png_of(Bitmap(width, one * 2))


def test_each_slip_is_kept_and_the_last_is_found_by_its_name(tmp_path: Path) -> None:
    with SocketPrinter() as printer:
        tray = PaperTray(printer, tmp_path / "slips")
        assert tray.wait_for(1, 0) is None
        tray.start()
        with socket.create_connection(("127.0.0.1", printer.port)) as line:
            for number, row in enumerate((0x0F, 0xF0), 1):
                line.sendall(slip(row))
                path = tray.wait_for(number, 30)
                assert path is not None
                assert path.read_bytes() == picture(row, 576)
            line.sendall(slip(0xFF))
            assert printer.wait_for(lambda paper: len(paper.slips) == 3, 30)
        tray.stop()
    assert tray.count == 3
    assert (tmp_path / "slips" / LAST).read_bytes() == picture(0xFF, 576)
