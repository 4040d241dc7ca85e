"""What the Pay screen's code costs: from the signed request to the pixels that are drawn.

Pixels are one byte a module, as they are handed to the graphics card, which makes them larger by
itself. Beside it stands the same library as it works unasked: it tries all eight masks.
"""

from __future__ import annotations

from typing import Final

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

from kscoin.qr import RequestShown, to_text
from kscoin.qr_picture import qr_picture
from tests.bench.figures import AtMost, Measured, figure, median_of, seconds_of, side_by_side
from tests.kscoin.parties import sample

RUNS: Final = 15
MS_PER_S: Final = 1_000


@figure(unit="ms", aim=AtMost(20))
def pixels_ms() -> Measured:
    """From the signed request and the terminal's certificate to the picture of their code."""
    request = sample("payment request").sealed().data
    shown = RequestShown(request, sample("terminal certificate").sealed().data)
    ours_s, bare_s = side_by_side(
        seconds_of(lambda: qr_picture(to_text(shown))),
        seconds_of(lambda: _searched(to_text(shown))),
        RUNS,
    )
    ours = [each * MS_PER_S for each in ours_s]
    beside = f"all eight masks tried in {median_of(bare_s) * MS_PER_S:.0f} ms"
    return Measured(median_of(ours), (min(ours), max(ours)), beside)


def _searched(text: str) -> object:
    code: QRCode = QRCode(error_correction=ERROR_CORRECT_M)  # type: ignore[type-arg]
    code.add_data(text, optimize=0)
    return code.get_matrix()
