"""Slips of every kind of block, in Korean and English, as a shop might hand them out.

What a till really prints is composed elsewhere; these hold the layout to account.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

from drivers.printer.slip import (
    Align,
    Banner,
    Logo,
    Pair,
    QrCode,
    Rule,
    Size,
    Slip,
    Space,
    Text,
)

# As long as a receipt with the payer's certificate in it.
CODE: Final = "KS1:" + "6BF%TK80$*" * 70
SHORT_CODE: Final = "KS1:7Q2F-9KXM"


def _logo(side: int = 96) -> bytes:
    """A picture that fades from black to white, as a PNG file: a logo to be dithered."""
    grey = b"".join(
        b"\0" + bytes(255 * column // (side - 1) for column in range(side)) for _ in range(side)
    )
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(grey)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


LOGO: Final = _logo()

KOREAN_RECEIPT: Final = Slip(
    (
        Logo(LOGO),
        Text("행복마트 왕십리점", Size.LARGE, Align.CENTRE, is_bold=True),
        Text("사업자 123-45-67890 · 대표 김행복", Size.SMALL, Align.CENTRE),
        Text("서울특별시 성동구 왕십리로 222, 한양빌딩 1층 101호", Size.SMALL, Align.CENTRE),
        Space(),
        Pair("거래 번호", "7Q2F-9KXM", is_bold=True),
        Pair("2026-11-30 15:04:21", "계산대 2", Size.SMALL),
        Rule(),
        Pair("서울우유 1L", "₩2,980"),
        Pair("유기농 바나나 (필리핀산) 한 송이 할인 행사", "₩12,300"),
        Pair("뷁쀍뎷 햏자라면 5입", "₩5,400"),
        Pair("봉투", "₩50"),
        Rule(),
        Pair("과세 물품가액", "₩18,845", Size.SMALL),
        Pair("부가세", "₩1,885", Size.SMALL),
        Rule(is_double=True),
        Pair("합계", "₩20,730", Size.HUGE, is_bold=True),
        Rule(),
        Text("오프라인으로 보관 중이며, 연결되면 저절로 정산됩니다.", align=Align.CENTRE),
        QrCode(CODE),
        Text("이 코드로 누구나 통신 없이 영수증을 확인할 수 있습니다.", Size.SMALL, Align.CENTRE),
    )
)
ENGLISH_RECEIPT: Final = Slip(
    (
        Text("Happy Mart Wangsimni", Size.LARGE, Align.CENTRE, is_bold=True),
        Text("Business no. 123-45-67890", Size.SMALL, Align.CENTRE),
        Space(),
        Pair("Sale", "7Q2F-9KXM", is_bold=True),
        Pair("2026-11-30 15:04:21", "Counter 2", Size.SMALL),
        Rule(),
        Pair("Milk 1 l", "₩2,980", has_leader=True),
        Pair("Organic bananas from the Philippines, one bunch", "₩12,300", has_leader=True),
        Pair("Zero cola 355 ml x 6", "₩5,400", has_leader=True),
        Rule(is_double=True),
        Pair("Total", "₩20,680", Size.HUGE, is_bold=True),
        Rule(),
        Text("Kept safely offline; it settles by itself.", align=Align.CENTRE),
        QrCode(SHORT_CODE),
        Text("Anyone can verify this code without a network.", Size.SMALL, Align.CENTRE),
    )
)
VOID_COPY: Final = Slip(
    (
        Banner("사본 COPY"),
        Banner("취소 VOID"),
        Text("행복마트", Size.LARGE, Align.CENTRE, is_bold=True),
        Pair("원거래", "7Q2F-9KXM"),
        Pair("취소 금액", "-₩20,730", Size.HUGE, is_bold=True),
        Text("손님께 돌려 드렸습니다.", align=Align.RIGHT),
    )
)
HARD_WORDS: Final = Slip(
    (
        Text("아주긴낱말이끝없이이어져서어디에서도끊을수없을때에는음절사이에서끊습니다"),
        Text("Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft"),
        Text("값은 ₩1,234,567,890 이고 전화는 02-1234-5678 이며 날짜는 2026-11-30 입니다."),
        Pair("이름이 아주 길어서 여러 줄에 걸쳐 나뉘어야 하는 상품의 이름", "₩99,999,999"),
        Pair("Terminal", "8f9d3c1fd6dc5a1c · 8f9d3c1f"),
        Pair("", "₩0"),
        Pair("합계", "₩9,999,999,999", Size.HUGE, is_bold=True),
        Text("첫 줄\n\n셋째 줄"),
        Text("ᄒ\u1161\u11abᄀ\u1173\u11af"),
    )
)
SLIPS: Final = {
    "receipt-ko": KOREAN_RECEIPT,
    "receipt-en": ENGLISH_RECEIPT,
    "void-copy": VOID_COPY,
    "hard-words": HARD_WORDS,
}
