"""What stands on each slip: the sum, the tax, the state in words, and a code that verifies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.printer.slip import Banner, Block, Logo, Pair, QrCode, Size, Slip, Text
from kscoin import printed
from kscoin.entries import CloseState
from kscoin.messages import PaymentKind
from kscoin.printed import Says
from pos_app.slips.sale import sale_slip
from pos_app.slips.sheet import Sheet, copy_of
from pos_app.slips.tables import SLIP_TABLES, words_of
from pos_app.slips.words import SlipWords
from pos_app.till.words import Language
from tests.kscoin.parties import trust
from tests.pos_app.slips.records import BARE_SHOP, PAID, SHOP, SOLD_ONLINE, slips, sold

LANGUAGES = pytest.mark.parametrize("language", Language)
KINDS = tuple(slips(Language.KOREAN))


def words_in(slip: Slip) -> list[str]:
    """Every text on a slip, a pair as one."""
    return [text for block in slip.blocks for text in _words(block)]


def _words(block: Block) -> list[str]:
    match block:
        case Text(text) | Banner(text):
            return [text]
        case Pair(name, value):
            return [f"{name} {value}"]
        case _:
            return []


def code_on(slip: Slip) -> str:
    """The text of a slip's QR code."""
    (code,) = (block.text for block in slip.blocks if isinstance(block, QrCode))
    return code


def largest(slip: Slip) -> Pair:
    """What is printed largest."""
    (pair,) = (each for each in slip.blocks if isinstance(each, Pair) and each.size is Size.HUGE)
    return pair


@LANGUAGES
def test_a_sale_adds_up_and_says_what_it_is(language: Language) -> None:
    words, said = words_of(language), words_in(slips(language)["sale-kept"])

    assert f"{words.net} ₩11,182" in said
    assert f"{words.vat} ₩1,118" in said
    assert f"{words.total} ₩12,300" in said
    assert any("2026-03-02 09:00:03" in each for each in said)
    assert SHOP.name in said
    assert words.business_number.format(number=SHOP.business_number) in said


@LANGUAGES
@pytest.mark.parametrize("state", [each for each in CloseState if each is not CloseState.TORN])
def test_how_a_sale_stands_is_said_in_words(language: Language, state: CloseState) -> None:
    words = words_of(language)
    said = words_in(sale_slip(sold(state), Sheet(SHOP, words)))

    others = {each.headline for at, each in words.sale_states.items() if at is not state}
    assert words.sale_states[state].headline in said
    assert words.sale_states[state].meaning in said
    assert not others & set(said)


@LANGUAGES
def test_what_is_not_settled_never_says_that_it_is(language: Language) -> None:
    words = words_of(language)
    assert words.sale_states[CloseState.SETTLED].headline not in words_in(
        slips(language)["sale-kept"]
    )
    assert words.sale_states[CloseState.SETTLED].headline in words_in(
        slips(language)["sale-settled"]
    )


@pytest.mark.parametrize(
    ("name", "says", "won"),
    [
        ("sale-settled", Says.SETTLED, 12_300),
        ("sale-kept", Says.KEPT, 12_300),
        ("sale-kept-copy", Says.KEPT, 12_300),
        ("refund", Says.REFUNDED, 2_300),
        ("void", Says.VOIDED, 12_300),
    ],
)
def test_the_code_on_a_slip_proves_what_the_slip_says(name: str, says: Says, won: int) -> None:
    slip = slips(Language.KOREAN)[name]
    proven = printed.verify(printed.from_text(code_on(slip)), trust())

    assert (proven.says, proven.amount_won, proven.request_hash) == (says, won, PAID)
    assert proven.merchant_name == SHOP.name
    assert f"{won:,}" in largest(slip).value


def test_what_went_back_is_taken_off() -> None:
    words, said = words_of(Language.ENGLISH), words_in(slips(Language.ENGLISH)["sale-refunded"])
    assert f"{words.given_back} -₩2,300" in said
    assert f"{words.left} ₩10,000" in said


def test_money_that_goes_back_has_a_minus_and_a_banner() -> None:
    for name, banner in (("refund", "REFUND"), ("void", "VOID")):
        slip = slips(Language.ENGLISH)[name]
        assert Banner(banner) in slip.blocks
        assert largest(slip).value.startswith("-₩")


def test_why_it_went_back_is_in_words_and_who_did_it() -> None:
    said = words_in(slips(Language.ENGLISH)["refund"])
    assert "Reason Goods at fault" in said
    assert "Staff kim" in said


@LANGUAGES
def test_a_copy_says_so_first_and_is_else_the_same(language: Language) -> None:
    for name in ("sale-kept", "z-report"):
        original, copy = slips(language)[name], slips(language)[f"{name}-copy"]
        assert copy == copy_of(original, words_of(language))
        assert copy.blocks[0] == Banner(words_of(language).copy)
        assert copy.blocks[1:] == original.blocks


@LANGUAGES
def test_a_day_is_told_with_what_is_carried_over(language: Language) -> None:
    words = words_of(language)
    x_report, z_report = (words_in(slips(language)[name]) for name in ("x-report", "z-report"))

    assert words.x_report in x_report
    assert words.x_hint in x_report
    assert words.z_report in z_report
    assert words.unsettled.format(won="₩153,200") in z_report
    assert words.earlier in z_report
    assert words.nothing in words_in(slips(language)["z-report-quiet"])
    assert largest(slips(language)["z-report"]).value == "₩2,844,200"


def test_a_shop_that_says_nothing_of_itself_has_no_empty_lines() -> None:
    for slip in slips(Language.KOREAN, BARE_SHOP).values():
        assert "" not in words_in(slip)
        assert not any("사업자" in each or "전화" in each for each in words_in(slip))


def test_a_logo_is_at_the_head() -> None:
    shop = replace(SHOP, logo=b"a picture")
    for name, slip in slips(Language.KOREAN, shop).items():
        first = slip.blocks[1 if name.endswith("-copy") else 0]
        assert first == Logo(b"a picture")


@LANGUAGES
def test_every_slip_of_a_demo_says_so_first_and_in_every_language(language: Language) -> None:
    shop = replace(SHOP, is_demo=True, logo=b"a picture")
    said = Banner("체험용 · 영수증 아님\nDEMO · Not a receipt")
    for name, slip in slips(language, shop).items():
        assert slip.blocks[1 if name.endswith("-copy") else 0] == said, name
    assert all(said not in slip.blocks for slip in slips(language).values())


def test_what_is_not_taxed_has_no_tax_on_it() -> None:
    words = words_of(Language.ENGLISH)
    free = Sheet(replace(SHOP, is_taxed=False), words)
    bill = replace(SOLD_ONLINE, kind=PaymentKind.LOCAL_TAX)

    assert not any(words.vat in each for each in words_in(sale_slip(SOLD_ONLINE, free)))
    said = words_in(sale_slip(bill, Sheet(SHOP, words)))
    assert words.local_tax in said
    assert not any(words.vat in each for each in said)


def test_a_test_slip_shows_every_size() -> None:
    slip = slips(Language.KOREAN)["test"]
    assert {block.size for block in slip.blocks if isinstance(block, Text)} == set(Size)
    assert len(code_on(slip)) > len(code_on(slips(Language.KOREAN)["sale-kept"]))


@pytest.mark.parametrize(
    "table", SLIP_TABLES.values(), ids=lambda table: table.texts.language.value
)
def test_no_text_is_missing(table: SlipWords) -> None:
    states = (*table.sale_states.values(), *table.given_states.values())
    assert all(each.headline and each.meaning for each in states)
    assert set(table.given_states) | {CloseState.TORN} == set(CloseState)
    texts = [getattr(table, name) for name in table.__slots__ if not name.endswith("states")]
    assert all(texts)
