"""What slips say in Korean."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from kscoin.entries import CloseState
from pos_app.slips.words import SlipWords, StateWords
from pos_app.till.korean import KOREAN as TEXTS

KOREAN: Final = SlipWords(
    texts=TEXTS,
    business_number="사업자등록번호 {number}",
    phone="전화 {number}",
    terminal="단말기",
    time="일시",
    staff="담당",
    copy="사본",
    receipt="영수증",
    code="거래 번호",
    net="공급가액",
    vat="부가세 (10%)",
    local_tax="지방세 납부",
    total="합계",
    way="결제",
    paid_online="KS코인 · 온라인",
    paid_offline="KS코인 · 오프라인",
    given_back="돌려드린 금액",
    left="남은 결제 금액",
    sale_states=MappingProxyType(
        {
            CloseState.SETTLED: StateWords(
                headline="정산 완료", meaning="돈이 가게 계좌로 들어왔습니다."
            ),
            CloseState.KEPT: StateWords(
                headline="결제됨 · 아직 정산 전",
                meaning="오프라인으로 안전하게 보관 중이며, 연결되면 저절로 정산됩니다.",
            ),
            CloseState.REFUSED: StateWords(
                headline="정산 거절됨",
                meaning="원장이 이 결제를 받아들이지 않아 가게가 돈을 받지 못했습니다.",
            ),
            CloseState.RETURNED: StateWords(
                headline="손님에게 돌아감", meaning="돈이 손님의 지갑 주인에게 돌아갔습니다."
            ),
            CloseState.QUARANTINED: StateWords(
                headline="확인하는 중 · 아직 정산 전",
                meaning="원장의 운영자가 확인하고 있습니다.",
            ),
            CloseState.VOIDED: StateWords(
                headline="취소된 결제", meaning="이 결제는 전부 취소되었습니다."
            ),
        }
    ),
    refund="환불",
    void="결제 취소",
    original="원래 거래",
    original_time="결제 일시",
    original_sum="결제 금액",
    refund_sum="환불",
    void_sum="취소",
    reason="사유",
    given_states=MappingProxyType(
        {
            CloseState.SETTLED: StateWords(
                headline="돌려드렸습니다", meaning="돈이 손님에게 돌아갔습니다."
            ),
            CloseState.KEPT: StateWords(
                headline="접수됨 · 아직 정산 전",
                meaning="아직 움직인 돈은 없습니다. 저절로 보내며, 그때 손님에게 돌아갑니다.",
            ),
            CloseState.VOIDED: StateWords(
                headline="접수됨 · 아직 정산 전",
                meaning="결제와 취소를 함께 보냅니다. 그때 돈이 손님에게 돌아갑니다.",
            ),
            CloseState.REFUSED: StateWords(
                headline="거절됨", meaning="원장이 받아들이지 않아 돈이 움직이지 않았습니다."
            ),
            CloseState.RETURNED: StateWords(
                headline="돌려드렸습니다", meaning="돈이 손님에게 돌아갔습니다."
            ),
            CloseState.QUARANTINED: StateWords(
                headline="확인하는 중", meaning="원장의 운영자가 확인하고 있습니다."
            ),
        }
    ),
    proves_receipt="원장이 서명했습니다. 인터넷 없이도 이 QR로 확인됩니다.",
    proves_payment="지갑과 가게가 서명했습니다. 인터넷 없이도 이 QR로 확인됩니다.",
    proves_refund="가게가 서명했습니다. 인터넷 없이도 이 QR로 확인됩니다.",
    proves_void="가게가 서명했습니다. 인터넷 없이도 이 QR로 확인됩니다.",
    x_report="중간 집계 (X)",
    z_report="마감 (Z)",
    x_hint="보기만 한 것입니다. 마감되지 않았습니다.",
    z_hint="마감되어 바뀌지 않습니다.",
    day="{number}일차",
    counted_at="집계 일시",
    closed_at="마감 일시",
    earlier="이월 받은 것",
    nothing="판매가 없습니다",
    unsettled="아직 정산되지 않은 {won} 이월",
    drawer="돈 서랍 열림",
    test="시험 출력",
    test_hint="이 줄이 끊기지 않고 끝까지 보이면 프린터가 제대로 된 것입니다.",
    letters="가나다라마바사 아자차카타파하 ₩0123456789",
    test_code="QR이 휴대폰으로 읽히는지 확인해 주세요.",
)
