"""What the till says in Korean to every error code: what happened, and what to do next."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from pos_app.till.words import Refusal

_OTHER: Final = "다른 방법으로 받아 주세요."
_KEEP: Final = "물건을 건네지 말고 다른 방법으로 받아 주세요."
_CALL: Final = "고객센터에 알려 주세요."
_BY_CODE: Final = "거래 번호를 적고 고객센터에 알려 주세요."
_AGAIN: Final = "다시 읽혀 주세요."
_TAP_AGAIN: Final = "카드를 다시 대 주세요."
_ONE_CARD: Final = "모두 뗀 다음 한 장만 대 주세요."
_BY_ITSELF: Final = "그대로 두면 저절로 다시 보냅니다."
_TECHNICIAN: Final = "기술자를 불러 주세요."
_ENROL: Final = "기술자가 단말기를 다시 등록해야 합니다."
_SYNC: Final = "통신선을 확인하고 지금 정산을 눌러 주세요."
_DISPLAY: Final = "저절로 다시 열립니다. 판매는 그대로 됩니다."

REFUSALS: Final = MappingProxyType(
    {
        # What no table knows
        "error": Refusal("처리하지 못했습니다.", f"정산 대기를 확인하고 {_CALL}"),
        # What was read or shown
        "invalid_amount": Refusal("금액이 올바르지 않습니다.", "금액을 다시 입력해 주세요."),
        "encoding": Refusal("읽을 수 없는 코드입니다.", _AGAIN),
        "too_large": Refusal("너무 긴 코드입니다.", _OTHER),
        "not_canonical": Refusal("형식이 바르지 않은 코드입니다.", _OTHER),
        "malformed": Refusal("내용이 잘못된 코드입니다.", _AGAIN),
        "not_kscoin": Refusal("KS코인 코드가 아닙니다.", "손님 휴대폰의 결제 QR을 읽혀 주세요."),
        "goods_barcode": Refusal(
            "상품 바코드입니다.", "값을 입력하고, 결제는 손님의 결제 QR을 읽혀 주세요."
        ),
        "goods_misread": Refusal("바코드를 잘못 읽었습니다.", _AGAIN),
        "emv_merchant_code": Refusal(
            "카드 앱용 가게 QR입니다.", "손님 휴대폰의 결제 QR을 읽혀 주세요."
        ),
        "emv_customer_code": Refusal(
            "카드사 QR은 여기서 받지 못합니다.", f"카드 단말기로 받거나 {_OTHER}"
        ),
        "emv_code_broken": Refusal("카드사 QR을 잘못 읽었습니다.", _AGAIN),
        "other_wallet_code": Refusal(
            "다른 결제 앱의 코드입니다.", f"KS코인 QR을 달라고 하거나 {_OTHER}"
        ),
        "web_link": Refusal("웹 주소입니다.", "손님 휴대폰의 결제 QR을 읽혀 주세요."),
        "request_shown": Refusal("계산대의 QR입니다.", "손님 휴대폰의 결제 QR을 읽혀 주세요."),
        "slip_shown": Refusal("영수증의 QR입니다.", "손님 휴대폰의 결제 QR을 읽혀 주세요."),
        "slip_interrupted": Refusal(
            "영수증을 출력하다가 전원이 꺼졌습니다.",
            "안 나왔으면 판매 내역에서 사본을 출력해 주세요.",
        ),
        "verification": Refusal("진짜인지 확인되지 않습니다.", _OTHER),
        "bad_signature": Refusal("서명이 맞지 않습니다.", _OTHER),
        "wrong_network": Refusal("다른 망의 돈입니다 (시험용 등).", _OTHER),
        "untrusted_key": Refusal("알 수 없는 발행처입니다.", _OTHER),
        "expired": Refusal("유효 기간이 지났습니다.", _OTHER),
        "stale_version": Refusal("받은 목록이 더 오래되었습니다.", _BY_ITSELF),
        "not_for_us": Refusal("다른 서버 앞으로 봉인된 것입니다.", _OTHER),
        "parts_differ": Refusal("서로 다른 것을 이어 붙인 코드입니다.", _OTHER),
        "broken_chain": Refusal(
            "장부 기록이 이어지지 않습니다.", f"단말기를 끄지 말고 {_TECHNICIAN}"
        ),
        "spending": Refusal("지갑 기록이 맞지 않습니다.", _OTHER),
        "exceeds_credit": Refusal("지갑 잔액이 모자랍니다.", _OTHER),
        "overlap": Refusal("복제된 지갑일 수 있습니다.", _KEEP),
        "not_a_proof": Refusal("이중 사용의 증거가 아닙니다.", _CALL),
        # A payment that is not taken
        "declined": Refusal("받을 수 없는 결제입니다.", _OTHER),
        "terminal_expired": Refusal("단말기의 등록 기간이 지났습니다.", _ENROL),
        "kind_not_allowed": Refusal("이 단말기가 받지 않는 종류입니다.", _OTHER),
        "no_such_request": Refusal("이 단말기의 결제가 아닙니다.", "새로 결제해 주세요."),
        "request_closed": Refusal(
            "그 판매가 끝난 뒤에 온 결제입니다.",
            "손님에게 저절로 돌아갑니다. 물건을 건네지 마세요.",
        ),
        "wrong_request": Refusal("다른 결제의 코드입니다.", "지금 QR로 다시 내 달라고 해 주세요."),
        "paid_before": Refusal(
            "전에 이미 받은 결제입니다.", "지금 판매의 결제가 아닙니다. 판매 내역을 보세요."
        ),
        "request_expired": Refusal("결제 시간이 지났습니다.", "새로 결제해 주세요."),
        "already_paid": Refusal(
            "다른 방법으로 이미 결제된 판매입니다.", "나중 결제는 손님에게 저절로 돌아갑니다."
        ),
        "wrong_purse": Refusal("지갑과 증명서가 다릅니다.", _OTHER),
        "wrong_amount": Refusal(
            "결제 금액이 서로 다릅니다.", "지금 QR로 다시 내 달라고 해 주세요."
        ),
        "purse_denied": Refusal("이 지갑은 쓸 수 없습니다 (분실 신고됨).", _OTHER),
        "already_taken": Refusal("이미 쓴 돈을 다시 냈습니다.", _KEEP),
        "over_payment_limit": Refusal(
            "오프라인 1회 한도를 넘었습니다.", f"금액을 줄이거나 {_OTHER}"
        ),
        "over_purse_limit": Refusal("이 지갑의 하루 한도를 넘었습니다.", _OTHER),
        "over_terminal_limit": Refusal("오프라인 보관 한도가 찼습니다.", _SYNC),
        "offline_too_long": Refusal("오프라인이 너무 오래되었습니다.", _SYNC),
        "denylist_too_old": Refusal("분실 목록이 너무 오래되었습니다.", _SYNC),
        "no_policy": Refusal("한도 정보를 읽을 수 없습니다.", _SYNC),
        # A refund or void that is not made
        "not_given_back": Refusal("돌려주지 못했습니다.", "이력에서 거래를 다시 확인해 주세요."),
        "no_such_payment": Refusal(
            "이 단말기에 없는 결제입니다.", "결제한 단말기에서 환불해 주세요."
        ),
        "not_paid_out": Refusal("가게로 정산되지 않은 결제입니다.", _BY_CODE),
        "already_voided": Refusal("이미 취소된 결제입니다.", "이력에서 거래를 확인해 주세요."),
        "refunded_already": Refusal("이미 환불된 결제입니다.", "이력에서 거래를 확인해 주세요."),
        "refund_too_large": Refusal(
            "남은 금액보다 많이 환불할 수 없습니다.", "금액을 다시 입력해 주세요."
        ),
        "void_too_late": Refusal("이미 전송되어 취소할 수 없습니다.", "대신 환불해 주세요."),
        "no_such_day": Refusal("없는 마감 번호입니다.", "마감 화면을 다시 열어 주세요."),
        # The journal
        "queue": Refusal("장부를 쓸 수 없습니다.", f"단말기를 끄지 말고 {_TECHNICIAN}"),
        "journal_locked": Refusal(
            "다른 프로그램이 장부를 쓰고 있습니다.", "다른 계산대 프로그램을 닫아 주세요."
        ),
        "journal_damaged": Refusal(
            "장부가 손상되었습니다.", "그대로 두고, 기술자가 ks-field rescue를 실행해야 합니다."
        ),
        "journal_behind": Refusal(
            "저장 장치가 기록을 잃었습니다.", f"이 단말기로 팔지 마시고 {_TECHNICIAN}"
        ),
        "mirror_missing": Refusal(
            "장부 사본 매체가 없습니다.", "USB 메모리를 꽂아 주세요. 판매는 계속할 수 있습니다."
        ),
        "mirror_full": Refusal(
            "장부 사본 매체가 가득 찼습니다.", "매체를 비우거나 바꿔 주세요. 판매는 계속됩니다."
        ),
        "mirror_differs": Refusal(
            "다른 장부의 사본이 들어 있습니다.", "다른 USB를 꽂아 주세요. 판매는 계속됩니다."
        ),
        "journal_too_new": Refusal(
            "장부가 이 프로그램보다 새것입니다.", f"새 프로그램으로 켜거나 {_TECHNICIAN}"
        ),
        "wrong_terminal": Refusal("다른 단말기의 장부입니다.", _TECHNICIAN),
        "no_journal": Refusal("아직 장부가 없습니다.", "계산대를 켜 주세요."),
        "disk_full": Refusal(
            "저장 공간이 가득 찼습니다.", "필요 없는 파일을 지우고 다시 시도해 주세요."
        ),
        "disk_failed": Refusal("저장 장치가 응답하지 않습니다.", f"다시 시도하고, 안 되면 {_CALL}"),
        "queue_stopped": Refusal("장부가 닫혔습니다.", "계산대를 다시 켜 주세요."),
        "identity_invalid": Refusal("단말기 등록 정보가 틀립니다.", _ENROL),
        # The line to the ledger
        "ledger": Refusal("정산 서버가 처리하지 못했습니다.", _BY_ITSELF),
        "ledger_unreachable": Refusal(
            "정산 서버에 연결되지 않습니다.", "통신선을 확인해 주세요. 연결되면 저절로 보냅니다."
        ),
        "ledger_failing": Refusal("정산 서버에 문제가 있습니다.", _BY_ITSELF),
        "ledger_behind": Refusal("정산 서버가 받은 것을 잃었습니다.", _BY_ITSELF),
        "ledger_refused": Refusal(
            "정산 서버가 거절했습니다.", f"받은 결제는 그대로 있습니다. {_CALL}"
        ),
        "ledger_garbled": Refusal("정산 서버의 답이 이상합니다.", _BY_ITSELF),
        # What is plugged in
        "driver": Refusal("장치에 문제가 있습니다.", _CALL),
        "device_unavailable": Refusal("장치를 쓸 수 없습니다.", "잠시 뒤 저절로 다시 연결합니다."),
        "device_not_found": Refusal("장치가 꽂혀 있지 않습니다.", "장치의 선을 꽂아 주세요."),
        "device_busy": Refusal(
            "다른 프로그램이 장치를 쓰고 있습니다.", "그 프로그램을 닫아 주세요."
        ),
        "device_forbidden": Refusal("장치를 열 권한이 없습니다.", _TECHNICIAN),
        "device_gone": Refusal("장치 연결이 끊겼습니다.", "선을 다시 꽂아 주세요."),
        "device_hung": Refusal(
            "장치가 응답하지 않습니다.", f"선을 뺐다 다시 꽂고, 안 되면 {_CALL}"
        ),
        "service_down": Refusal("카드 서비스가 멈췄습니다.", f"잠시 기다리고, 안 되면 {_CALL}"),
        "sound_unavailable": Refusal("소리를 낼 수 없습니다.", "판매는 그대로 됩니다."),
        "display_gone": Refusal("손님 화면이 닫혔습니다.", _DISPLAY),
        "display_silent": Refusal("손님 화면이 멈추었습니다.", _DISPLAY),
        "display_garbled": Refusal("손님 화면과 말이 통하지 않습니다.", _DISPLAY),
        "worker_fault": Refusal("장치 처리에 오류가 있었습니다.", "저절로 다시 시작합니다."),
        # The printer
        "printer": Refusal("프린터로 출력하지 못합니다.", "프린터를 껐다 켜 주세요."),
        "printer_out_of_paper": Refusal(
            "프린터 용지가 떨어졌습니다.", "새 용지를 넣어 주세요. 기다리던 것은 저절로 출력됩니다."
        ),
        "printer_cover_open": Refusal("프린터 덮개가 열려 있습니다.", "덮개를 닫아 주세요."),
        "printer_offline": Refusal(
            "프린터가 꺼졌거나 준비되지 않았습니다.", "프린터 전원과 선을 확인해 주세요."
        ),
        "printer_cutter_stuck": Refusal(
            "프린터 칼날에 종이가 걸렸습니다.", "프린터를 끄고 걸린 종이를 빼 주세요."
        ),
        "printer_too_hot": Refusal(
            "프린터가 뜨거워 식히는 중입니다.", "잠시 기다리면 저절로 출력됩니다."
        ),
        "printer_broken": Refusal(
            "프린터가 고장을 알렸습니다.", "프린터를 껐다 켜고, 그래도 같으면 기술자를 불러 주세요."
        ),
        "print_unconfirmed": Refusal(
            "출력이 끝났는지 알 수 없습니다.", "나온 종이를 보고, 필요하면 사본을 출력해 주세요."
        ),
        "print_not_recorded": Refusal(
            "기록하지 못해 인쇄하지 않았습니다.", "고객센터에 알려 주세요."
        ),
        "slip_too_wide": Refusal(
            "용지가 좁아 인쇄하지 않았습니다.",
            "더 넓은 용지를 쓰거나 고객센터에 알려 주세요.",
        ),
        "logo_unreadable": Refusal(
            "로고를 읽지 못해 인쇄하지 않았습니다.", "기술자가 로고를 바꿔야 합니다."
        ),
        "printer_font_missing": Refusal(
            "한글 글꼴이 없어 인쇄하지 못합니다.", "기술자가 글꼴을 설치해야 합니다."
        ),
        # What is held to the reader
        "card": Refusal("카드를 처리하지 못했습니다.", _TAP_AGAIN),
        "card_removed": Refusal("카드를 너무 일찍 뗐습니다.", _TAP_AGAIN),
        "card_mute": Refusal("카드가 응답하지 않습니다.", _ONE_CARD),
        "several_cards": Refusal("카드가 여러 장 있습니다.", _ONE_CARD),
        "card_overstayed": Refusal("카드를 너무 오래 댔습니다.", "뗐다가 다시 대 주세요."),
        "foreign_card": Refusal("KS코인 카드가 아닙니다.", _OTHER),
        "no_purse_on_card": Refusal("지갑이 없는 카드입니다.", _OTHER),
        "unknown_card_version": Refusal("이 단말기가 모르는 새 카드입니다.", _OTHER),
        "card_garbled": Refusal("카드의 답이 올바르지 않습니다.", _OTHER),
        "debit_torn": Refusal("카드를 너무 일찍 뗐습니다.", _KEEP),
        "card_refused": Refusal("카드가 결제를 거절했습니다.", _OTHER),
        "card_not_personalised": Refusal("아직 개통되지 않은 카드입니다.", _OTHER),
        "card_credit_exceeded": Refusal("카드 잔액이 모자랍니다.", f"카드를 충전하거나 {_OTHER}"),
        "card_no_such_debit": Refusal("카드에 이 결제가 없습니다.", _TAP_AGAIN),
        "card_certificate_refused": Refusal("카드가 충전을 받지 않았습니다.", _CALL),
        "another_card": Refusal("다른 카드입니다.", "처음에 댄 카드를 다시 대 주세요."),
        "card_paid_elsewhere": Refusal("그 사이 다른 곳에서 쓴 카드입니다.", _KEEP),
        "reader_silent": Refusal(
            "카드 리더가 응답하지 않습니다.", "리더의 선을 뺐다가 다시 꽂아 주세요."
        ),
        # The key of the terminal
        "key_store": Refusal("단말기 열쇠를 쓸 수 없습니다.", _TECHNICIAN),
        "key_not_found": Refusal("단말기 열쇠가 없습니다.", _ENROL),
        "key_exists": Refusal("단말기 열쇠가 이미 있습니다.", "있는 열쇠를 지우지 마세요."),
        "wrong_pass_phrase": Refusal("열쇠의 암호가 맞지 않습니다.", _TECHNICIAN),
        "key_damaged": Refusal("단말기 열쇠가 손상되었습니다.", _ENROL),
        "key_exposed": Refusal("열쇠 파일이 남에게 열려 있습니다.", _TECHNICIAN),
        "no_token_uri": Refusal("열쇠 토큰의 이름이 잘못되었습니다.", _TECHNICIAN),
        "token_unavailable": Refusal("열쇠 토큰이 꽂혀 있지 않습니다.", _TECHNICIAN),
        "token_locked": Refusal("열쇠 토큰이 잠겼습니다.", _TECHNICIAN),
        # The till itself
        "request_timed_out": Refusal("결제 시간이 지났습니다.", "다시 결제를 눌러 주세요."),
        "timed_out_offline": Refusal(
            "결제 시간이 지났습니다.", "손님이 이미 냈다면 휴대폰의 영수증 QR을 읽혀 주세요."
        ),
        "scan_broken": Refusal("QR을 다 읽지 못했습니다.", _AGAIN),
        "settings_invalid": Refusal("단말기 설정이 잘못되었습니다.", _TECHNICIAN),
        "sale_interrupted": Refusal(
            "결제 중에 전원이 꺼졌습니다.", "물건을 건네지 않았으면 다시 결제해 주세요."
        ),
        "paid_twice": Refusal(
            "같은 판매가 두 번 결제되었습니다.", f"한 번은 손님의 돈입니다. {_BY_CODE}"
        ),
        "worker_died": Refusal("한 부분이 갑자기 멈췄습니다.", "다시 시도를 눌러 주세요."),
        "font_missing": Refusal("한글 글꼴이 없습니다.", "fonts-nanum을 설치해 주세요."),
        # Why the ledger did not settle
        "double_spend": Refusal("두 번 쓴 지갑의 결제입니다.", _BY_CODE),
        "reserve_released": Refusal("지갑의 예치금이 풀려 있습니다.", _BY_CODE),
        "guarantee_exhausted": Refusal("보증 기금의 한도를 넘었습니다.", _BY_CODE),
        "returned_to_payer": Refusal("손님에게 이미 돌려준 돈입니다.", _BY_CODE),
        "unsigned": Refusal("서명이 없는 기록입니다.", _BY_CODE),
        "waits_for_payment": Refusal(
            "원장에 아직 도착하지 않은 결제입니다.", "결제가 도착하면 손님에게 돌아갑니다."
        ),
        "not_paid": Refusal("가맹점에 들어오지 않은 결제입니다.", _BY_CODE),
        "over_refund": Refusal("남은 결제 금액보다 큽니다.", "더 작은 금액을 돌려주세요."),
        "already_refunded": Refusal("이미 일부를 돌려준 결제입니다.", "남은 금액을 환불해 주세요."),
        "till_empty": Refusal(
            "가맹점 계정의 잔액이 모자랍니다.", "다음 판매 뒤에 다시 환불해 주세요."
        ),
        "certificate_expired": Refusal("지갑 증명서가 만료되었습니다.", _BY_CODE),
        "terminal_revoked": Refusal(
            "사용이 정지된 단말기입니다.",
            f"더 받을 수 없고, 받은 것은 안전합니다. {_CALL}",
        ),
        "account_frozen": Refusal("정지된 계정입니다.", _OTHER),
        "unknown_terminal": Refusal("등록되지 않은 단말기입니다.", _ENROL),
        "unknown_merchant": Refusal("등록되지 않은 가맹점입니다.", _CALL),
        "unknown_account": Refusal("등록되지 않은 계정입니다.", _OTHER),
        "unknown_purse": Refusal("등록되지 않은 지갑입니다.", _BY_CODE),
        "unknown_request": Refusal("등록되지 않은 결제입니다.", _BY_CODE),
        "unknown_batch": Refusal("등록되지 않은 전송입니다.", _CALL),
        "unknown_code": Refusal("없는 등록 코드입니다.", "코드를 확인해 주세요."),
        "code_used": Refusal("이미 쓴 등록 코드입니다.", "새 코드를 받아 주세요."),
        "code_expired": Refusal("등록 코드의 기간이 지났습니다.", "새 코드를 받아 주세요."),
        "not_enough_won": Refusal("계정의 잔액이 모자랍니다.", _OTHER),
        "over_balance_limit": Refusal("지갑의 보유 한도를 넘습니다.", "금액을 줄여 주세요."),
        "no_wallet": Refusal("휴대폰 지갑이 없는 계정입니다.", _OTHER),
        "wrong_key": Refusal("지갑의 열쇠가 다릅니다.", _BY_CODE),
        "purse_closing": Refusal("닫는 중인 지갑입니다.", _OTHER),
        "account_taken": Refusal("이미 등록된 계정입니다.", _CALL),
        "key_taken": Refusal("다른 지갑이 쓰는 열쇠입니다.", _CALL),
        "order_expired": Refusal("지시의 기간이 지났습니다.", "다시 지시해 주세요."),
        "reference_used": Refusal("이미 쓴 참조 번호입니다.", "새 참조 번호를 써 주세요."),
        "wrong_role": Refusal("이 열쇠로는 할 수 없는 일입니다.", _CALL),
        "unknown_token": Refusal("등록되지 않은 열쇠입니다.", _CALL),
        "unknown_payout": Refusal("없는 지급입니다.", _CALL),
        "payout_unfinished": Refusal("끝나지 않은 지급이 있습니다.", _CALL),
        "payout_confirmed": Refusal("이미 확인된 지급입니다.", _CALL),
    }
)
