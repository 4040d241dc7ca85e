"""ks-pos slip, beside a till that has its journal open: pictures and text of what is printed."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from kscoin.codes import short_code
from offline_queue import history
from offline_queue.errors import DiskFailed, NoSuchDay, NoSuchPayment
from offline_queue.queue import OfflineQueue
from pos_app.__main__ import commands
from tests.offline_queue.shop import receipt_for
from tests.pos_app.test_shop_commands import SETTINGS, InItsPlace, ks_pos, sell


@pytest.fixture
def sold(tmp_path: Path) -> Iterator[tuple[OfflineQueue, list[str]]]:
    """A till's queue with three sales, one refunded and one voided, in a closed day."""
    shop = InItsPlace(tmp_path)
    (tmp_path / "settings.toml").write_text(SETTINGS + 'language = "en"\npaper_mm = 58\n')
    queue = shop.start()
    hashes = [sell(queue, won) for won in (1_000, 2_000, 3_000)]
    queue.refund(hashes[1], 500, "other").result()
    queue.void(hashes[2], "wrong_amount").result()
    queue.close_day(1, "boss").result()
    yield queue, [short_code(each) for each in hashes]
    queue.stop()


def failing(directory: Path, *arguments: str) -> Result:
    return CliRunner().invoke(commands, ["slip", *arguments, "--terminal", str(directory)])


Sold = tuple[OfflineQueue, list[str]]


def test_a_sale_as_text(sold: Sold, tmp_path: Path) -> None:
    _, codes = sold
    said = ks_pos(tmp_path, "slip", codes[0])

    assert "Paid, not settled yet" in said
    assert "₩1,000" in said
    assert "COPY" not in said
    assert any(line.startswith("KS1:") for line in said.splitlines())
    assert ks_pos(tmp_path, "slip", codes[0][:4].lower()) == said
    assert "*** COPY ***" in ks_pos(tmp_path, "slip", codes[0], "--copy")
    assert "사본" in ks_pos(tmp_path, "slip", codes[0], "--copy", "--language", "ko")


def test_a_slip_of_a_demo_says_so(sold: Sold, tmp_path: Path) -> None:
    _, codes = sold
    assert "DEMO" not in ks_pos(tmp_path, "slip", codes[0])
    settings = tmp_path / "settings.toml"
    settings.write_text(settings.read_text() + "demo = true\n")
    said = ks_pos(tmp_path, "slip", codes[0])
    first, second, *_ = said.splitlines()
    assert first.strip() == "*** 체험용 · 영수증 아님 ***"
    assert second.strip() == "*** DEMO · Not a receipt ***"


def test_what_was_given_back_and_days(sold: Sold, tmp_path: Path) -> None:
    _, codes = sold

    assert "-₩500" in ks_pos(tmp_path, "slip", codes[1], "--given")
    assert "₩1,500" in ks_pos(tmp_path, "slip", codes[1])
    assert "*** VOID ***" in ks_pos(tmp_path, "slip", codes[2], "--given")
    assert "*** Z report ***" in ks_pos(tmp_path, "slip", "--day", "1")
    assert "*** X report ***" in ks_pos(tmp_path, "slip", "--open-day")
    assert "*** Test slip ***" in ks_pos(tmp_path, "slip", "--test")


def test_a_picture_is_as_wide_as_the_paper(sold: Sold, tmp_path: Path) -> None:
    _, codes = sold
    path = tmp_path / "slip.png"
    for options, width in (((), 384), (("--paper", "80"), 576)):
        said = ks_pos(tmp_path, "slip", codes[0], "--png", str(path), *options)
        assert said == f"{path} is the slip.\n"
        assert Image.open(io.BytesIO(path.read_bytes())).width == width


def test_what_slips_cannot_show_of_a_shop_is_told(
    sold: Sold, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _, codes = sold
    settings = tmp_path / "settings.toml"
    well = settings.read_text()
    facts = 'address = "ul. Żelazna 1, Łódź"\nslip_footer = "감사합니다"\n'
    settings.write_text(well + facts)
    ks_pos(tmp_path, "slip", codes[0])
    assert caplog.messages == []

    settings.write_text(well + facts + 'printer = "auto"\n')
    said = ks_pos(tmp_path, "slip", codes[0])

    assert "ul. Żelazna 1, Łódź" in said
    assert caplog.messages == [
        "slips show ul. Żelazna 1, Łódź as ul. Zelazna 1, Łódz: the fonts here lack Ż ź"
    ]


def test_a_picture_that_cannot_be_written_says_so(sold: Sold, tmp_path: Path) -> None:
    _, codes = sold
    with pytest.raises(DiskFailed):
        ks_pos(tmp_path, "slip", codes[0], "--png", str(tmp_path / "nowhere" / "slip.png"))


def test_what_a_program_reads_is_what_verify_slip_takes(sold: Sold, tmp_path: Path) -> None:
    _, codes = sold
    read = json.loads(ks_pos(tmp_path, "slip", codes[0], "--json"))
    proven = json.loads(ks_pos(tmp_path, "verify-slip", read["proof"], "--json"))

    assert (proven["says"], proven["amount_won"], proven["code"]) == ("kept", 1_000, codes[0])
    assert proven["code"] in " ".join(read["lines"])
    assert json.loads(ks_pos(tmp_path, "slip", "--day", "1", "--json"))["proof"] is None


def test_looking_writes_nothing_down(sold: Sold, tmp_path: Path) -> None:
    _, codes = sold
    before = {path.name for path in tmp_path.iterdir()}
    ks_pos(tmp_path, "slip", codes[0])
    assert {path.name for path in tmp_path.iterdir()} == before


def test_what_is_not_there_is_said(sold: Sold, tmp_path: Path) -> None:
    _, codes = sold
    for arguments in (("ZZZ",), ("ZZ",), (codes[0], "--given")):
        with pytest.raises(NoSuchPayment):
            ks_pos(tmp_path, "slip", *arguments)
    with pytest.raises(NoSuchDay):
        ks_pos(tmp_path, "slip", "--day", "2")
    for wrong in ((), (codes[0], "--test"), ("--given", "--open-day"), (codes[0], "--paper", "60")):
        assert failing(tmp_path, *wrong).exit_code == 2


def test_a_start_that_several_sales_have_names_them(
    sold: Sold, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue, _ = sold
    # One letter is enough here, and of 33 codes two begin with the same of 32.
    monkeypatch.setattr(history, "CODE_MIN", 1)
    seen: dict[str, str] = {}
    while True:
        request = queue.open_request(100).result()
        queue.accept_receipt(request.request_hash, receipt_for(request)).result()
        code = short_code(request.request_hash)
        if (other := seen.setdefault(code[0], code)) != code:
            break
    with pytest.raises(NoSuchPayment, match=other):
        ks_pos(tmp_path, "slip", code[0])
