"""The operator's daily work at the command line: every command as people and scripts see it."""

from __future__ import annotations

import csv
import json
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import Result

from kscoin.errors import KSCoinError
from kscoin.messages import Assurance
from ledger.commands import node as init_command
from ledger.commands import place
from ledger.errors import SetupError
from tests.ledger.databases import PostgresServer
from tests.ledger.operator import Operator
from tests.ledger.world import HandClock, Shop, Wallet, World, new_key

SHOP = "마포 국수"


@dataclass
class Node:
    """A ledger that an operator set up, and people who use it."""

    operator: Operator
    world: World
    shop: Shop
    wallet: Wallet

    @property
    def merchant_id(self) -> str:
        return self.shop.certificate.message.merchant_id.hex()

    @property
    def terminal_id(self) -> str:
        return self.shop.terminal_id.hex()

    @property
    def account_id(self) -> str:
        return self.wallet.account_id.hex()

    def pay(self, amount_won: int) -> None:
        self.world.ledger.online.pay(self.wallet.pays(self.shop.request(amount_won)))

    def set_bank(self) -> None:
        words = ("--code", "088", "--number", "110-123-456789", "--holder", SHOP)
        self.operator.asks("merchants", "bank", self.merchant_id, *words)


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a ledger that has just been set up, to be copied: that is quicker."""
    operator = Operator(tmp_path_factory.mktemp("founded") / "ledger")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(init_command, "now_s", HandClock())
        operator.asks("init", "--network", "seoul-test")
    return operator.directory


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> HandClock:
    """The clock of every command."""
    clock = HandClock()
    monkeypatch.setattr(place, "now_s", clock)
    return clock


@pytest.fixture
def operator(founded: Path, tmp_path: Path) -> Operator:
    """Someone at a ledger where nothing has happened yet."""
    shutil.copytree(founded, tmp_path / "ledger")
    return Operator(tmp_path / "ledger")


@pytest.fixture
def node(operator: Operator, clock: HandClock) -> Iterator[Node]:
    there = place.place_of(operator.directory, None, None)
    with there.ledger() as ledger:
        world = World(ledger, clock, there.authorities())
        shop = world.shop(world.merchant(SHOP))
        yield Node(operator, world, shop, world.wallet(100_000))


def test_a_merchant_is_shown(node: Node) -> None:
    node.pay(3_000)
    shown = node.operator.asks("merchants", "show", node.merchant_id)
    assert (shown["name"], shown["balance_won"], shown["terminals"]) == (SHOP, 3_000, 1)
    assert shown["bank_code"] is None
    node.set_bank()
    assert node.operator.asks("merchants", "show", node.merchant_id)["bank_code"] == "088"
    assert SHOP in node.operator.reads("merchants", "list")
    assert "3,000" in node.operator.reads("merchants", "list")


def test_accounts_are_listed_a_page_at_a_time(node: Node) -> None:
    whole = [each["account_id"] for each in node.operator.asks("accounts", "list")["accounts"]]
    assert {node.account_id, node.merchant_id, node.terminal_id} < set(whole)
    paged: list[str] = []
    page = node.operator.asks("accounts", "list", "--limit", "2")["accounts"]
    while page:
        paged += [each["account_id"] for each in page]
        page = node.operator.asks("accounts", "list", "--limit", "2", "--after", paged[-1])[
            "accounts"
        ]
    assert paged == whole


def test_an_account_is_shown_with_what_it_owns(node: Node) -> None:
    shown = node.operator.asks("accounts", "show", node.merchant_id)
    assert (shown["kind"], shown["owns"]) == ("merchant", [node.terminal_id])
    assert node.operator.asks("accounts", "show", node.account_id)["is_wallet"]
    assert "100,000" in node.operator.reads("accounts", "show", node.account_id)


def test_won_are_issued_and_redeemed_once_for_a_reference(node: Node) -> None:
    issue = ("accounts", "issue", node.account_id, "5000", "--reference", "salary")
    assert node.operator.asks(*issue) == node.operator.asks(*issue)
    redeem = ("accounts", "redeem", node.account_id, "15000", "--reference", "cash")
    dry = node.operator.asks(*redeem, "--dry-run")
    assert dry == {"would_be_left_won": 90_000, "is_enough": True}
    assert node.operator.asks(*redeem) == node.operator.asks(*redeem)
    assert node.world.balance(node.wallet.account_id) == 90_000
    words = ("accounts", "redeem", node.account_id, "90001", "--dry-run", "--json")
    too_many = node.operator.types(*words)
    assert too_many.exit_code == 1
    assert json.loads(too_many.stdout) == {"would_be_left_won": -1, "is_enough": False}


def test_the_fund_is_looked_after(node: Node) -> None:
    node.operator.asks("fund", "issue", "2000000", "--reference", "first")
    assert "500,000" in node.operator.reads("fund", "redeem", "1500000", "--dry-run")
    node.operator.asks("fund", "redeem", "500000")
    assert node.operator.asks("fund", "show") == {"balance_won": 1_500_000, "cap_won": 1_000_000}


def test_a_terminal_is_shown_and_replaced(node: Node) -> None:
    node.pay(3_000)
    shown = node.operator.asks("terminals", "show", node.terminal_id)
    assert (shown["merchant"], shown["till_won"], shown["revoked_at_s"]) == (SHOP, 3_000, None)
    dry = node.operator.asks("terminals", "replace", node.terminal_id, "--dry-run")
    assert dry == shown
    replaced = node.operator.asks("terminals", "replace", node.terminal_id)
    assert len(replaced["roots"]) == 2
    revoked = node.operator.asks("terminals", "show", node.terminal_id)
    assert revoked["revoked_at_s"] is not None
    key = new_key()
    node.world.ledger.terminals.enrol(node.world.enrolment(replaced["code"], key))
    assert len(node.operator.asks("terminals", "list", node.merchant_id)["terminals"]) == 2


def test_a_revocation_is_tried_first(node: Node) -> None:
    told = node.operator.reads("terminals", "revoke", node.terminal_id, "--dry-run")
    assert told.endswith("It would be revoked. Nothing was changed.\n")
    assert node.operator.asks("terminals", "show", node.terminal_id)["revoked_at_s"] is None


def test_a_person_reads_the_roots_beside_a_code(node: Node) -> None:
    told = node.operator.reads("codes", "new", node.merchant_id).splitlines()
    assert [line.split()[0] for line in told] == ["code", "root", "root"]
    pinned = [root.compressed.hex() for root in node.world.authorities.roots]
    assert [line.split()[1] for line in told[1:]] == pinned


def test_purses_are_listed_loaded_and_defunded(node: Node) -> None:
    key = new_key().public_key
    opened = node.world.ledger.purses.open(
        node.wallet.account_id, key, Assurance.CARD_SECURE_ELEMENT
    )
    purse_id = opened.message.purse_id.hex()
    load = ("purses", "load", purse_id, "30000", "--reference", "counter 7")
    assert node.operator.asks(*load) == node.operator.asks(*load)
    (listed,) = node.operator.asks("purses", "list", node.account_id)["purses"]
    assert (listed["purse_id"], listed["reserved_won"]) == (purse_id, 30_000)
    defund = ("purses", "defund", purse_id, "--dry-run")
    assert "It would be closed for good." in node.operator.reads(*defund)
    assert node.operator.asks(*defund)["closing_at_s"] is None
    assert node.operator.asks("purses", "defund", purse_id)["closing_at_s"] is not None
    assert node.operator.types("purses", "load", purse_id, "1").exit_code == 1


def paid_out(node: Node) -> str:
    node.pay(3_000)
    node.set_bank()
    made: str = node.operator.asks("payouts", "make", "2027-01-15")["payout_id"]
    return made


def test_a_payout_from_the_plan_to_the_bank(node: Node, tmp_path: Path) -> None:
    node.pay(3_000)
    (planned,) = node.operator.asks("payouts", "make", "2027-01-15", "--dry-run")["plan"]
    assert (planned["amount_won"], planned["not_paid"]) == (3_000, "no_bank_account")
    assert "ks-ledger merchants bank" in node.operator.reads("payouts", "make", "x", "--dry-run")
    node.set_bank()
    payout_id = node.operator.asks("payouts", "make", "2027-01-15")["payout_id"]
    assert node.operator.asks("payouts", "make", "2027-01-15")["payout_id"] == payout_id
    file = tmp_path / "bank.csv"
    told = node.operator.asks("payouts", "csv", payout_id, str(file))
    assert (told["transfers"], told["total_won"]) == (1, 3_000)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with file.open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row == {
        "bank_code": "088",
        "account_number": "110123456789",
        "account_holder": SHOP,
        "amount_won": "3000",
        "memo": f"KS {payout_id}",
    }
    dry = node.operator.asks("payouts", "confirm", payout_id, "--dry-run")
    assert dry["would_leave_won"] == 3_000
    assert node.operator.asks("payouts", "confirm", payout_id)["confirmed_at_s"] is not None
    (listed,) = node.operator.asks("payouts", "list")["payouts"]
    assert (listed["reference"], listed["total_won"]) == ("2027-01-15", 3_000)
    assert node.operator.asks("audit")["is_clean"]


def test_a_payout_that_the_bank_sends_back(node: Node) -> None:
    payout_id = paid_out(node)
    returned = node.operator.asks("payouts", "return", payout_id, node.merchant_id)
    assert returned["is_returned"]
    shown = node.operator.asks("payouts", "show", payout_id)
    assert (shown["total_won"], shown["payouts"][0]["is_returned"]) == (0, True)
    assert node.operator.reads("payouts", "csv", payout_id, "-").count("\n") == 1
    assert node.operator.asks("merchants", "show", node.merchant_id)["balance_won"] == 3_000


def test_no_file_is_written_over(node: Node, tmp_path: Path) -> None:
    payout_id, file = paid_out(node), tmp_path / "bank.csv"
    file.write_text("yesterday's")
    result = node.operator.types("payouts", "csv", payout_id, str(file))
    assert isinstance(result.exception, SetupError)
    assert file.read_text() == "yesterday's"
    missing = tmp_path / "nowhere" / "bank.csv"
    assert isinstance(
        node.operator.types("payouts", "csv", payout_id, str(missing)).exception, SetupError
    )


def test_a_statement_is_printed_and_written(node: Node, tmp_path: Path) -> None:
    for amount_won in (1_000, 2_000, 3_000):
        node.pay(amount_won)
    page = node.operator.asks("statement", node.merchant_id, "--limit", "2")
    assert [each["amount_won"] for each in page["lines"]] == [1_000, 2_000]
    rest = node.operator.asks("statement", node.merchant_id, "--cursor", page["cursor"])
    assert [each["amount_won"] for each in rest["lines"]] == [3_000]
    assert (rest["in_won"], rest["cursor"]) == (3_000, None)
    told = node.operator.types("statement", node.terminal_id, "--limit", "2")
    assert "There is more: --cursor" in told.stderr
    assert page["lines"][0]["short_code"] in told.stdout
    file = tmp_path / "statement.csv"
    assert node.operator.asks("statement", node.account_id, "--csv", str(file))["lines"] == 4
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [int(each["amount_won"]) for each in rows] == [100_000, -1_000, -2_000, -3_000]


def test_a_statement_is_of_days_in_korea(node: Node) -> None:
    node.pay(1_000)
    early = node.operator.asks("statement", node.terminal_id, "--until", "2020-01-01")
    assert early["lines"] == []
    late = node.operator.asks("statement", node.terminal_id, "--from", "2020-01-01T00:00:00Z")
    assert len(late["lines"]) == 1
    assert "Nothing moved" in node.operator.reads(
        "statement", node.terminal_id, "--until", "2020-01-01"
    )
    assert node.operator.types("statement", node.terminal_id, "--from", "soon").exit_code == 2
    backwards = ("--from", "2020-01-02", "--until", "2020-01-01")
    assert node.operator.types("statement", node.terminal_id, *backwards).exit_code == 1


def test_the_supply_and_its_signature(node: Node) -> None:
    told = node.operator.asks("supply", "--signed")
    assert (told["issued_won"], told["difference_won"]) == (100_000, 0)
    assert bytes.fromhex(told["signed"]).startswith(b"\xd2")


def test_an_audit_says_what_it_looks_at(node: Node) -> None:
    told = node.operator.types("audit")
    checks = node.operator.asks("audit")["checks"]
    assert [line.removesuffix(" …") for line in told.stderr.splitlines()] == checks
    assert "supply equals reserve" in checks


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE accounts SET balance_won = balance_won + 1 WHERE kind = 3", "differ by 1 won"),
        ("UPDATE postings SET amount_won = amount_won + 1 WHERE amount_won > 0", "sum to zero"),
        ("UPDATE payments SET amount_won = 7", "names no transfer"),
    ],
)
def test_an_audit_finds_what_was_altered(node: Node, statement: str, sentence: str) -> None:
    node.pay(1_000)
    with node.world.ledger.office.store.engine.begin() as connection:
        connection.exec_driver_sql(statement)
    told = node.operator.types("audit")
    assert told.exit_code == 1
    assert sentence in told.stdout


def settings_say(operator: Operator, text: str) -> Result:
    (operator.directory / "settings.toml").write_text(text)
    return operator.types("fund", "show", "--json")


def test_an_operator_sets_the_cap(operator: Operator) -> None:
    assert '"cap_won": 250000' in settings_say(operator, "guarantee_cap_won = 250_000").stdout


@pytest.mark.parametrize(
    "text",
    ["guarantee_cap = 1", "guarantee_cap_won = -1", "guarantee_cap_won = true", "= broken"],
)
def test_a_setting_that_is_none_is_a_sentence(operator: Operator, text: str) -> None:
    assert isinstance(settings_say(operator, text).exception, SetupError)


@pytest.mark.parametrize(
    "words",
    [
        ("merchants", "show", "0011223344556677"),
        ("merchants", "bank", "0011223344556677", "--code", "1", "--number", "1", "--holder", "x"),
        ("terminals", "show", "0011223344556677"),
        ("terminals", "list", "0011223344556677"),
        ("terminals", "replace", "0011223344556677"),
        ("accounts", "show", "0011223344556677"),
        ("accounts", "redeem", "0011223344556677", "1"),
        ("purses", "list", "0011223344556677"),
        ("purses", "defund", "0011223344556677"),
        ("payouts", "show", "0011223344556677"),
        ("payouts", "confirm", "0011223344556677"),
        ("payouts", "csv", "0011223344556677", "-"),
        ("statement", "0011223344556677"),
        ("statement", "0011223344556677", "--cursor", "x"),
        ("fund", "redeem", "1"),
    ],
)
def test_what_is_not_there_is_a_sentence(operator: Operator, words: tuple[str, ...]) -> None:
    result = operator.types(*words)
    assert result.exit_code == 1
    assert isinstance(result.exception, KSCoinError), result.exception


def test_a_database_that_cannot_be_reached_leaves_no_keys(tmp_path: Path) -> None:
    operator = Operator(tmp_path / "ledger")
    words = ("--database", "sqlite:////nowhere/at/all.db", "init", "--network", "seoul-test")
    assert operator.types(*words).exit_code == 1
    assert not (operator.directory / "network").exists()
    operator.asks("init", "--network", "seoul-test")


def test_the_same_commands_on_postgres(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: HandClock
) -> None:
    monkeypatch.setattr(init_command, "now_s", clock)
    monkeypatch.setenv(place.URL_VARIABLE, postgres.emptied_database())
    operator = Operator(tmp_path / "ledger")
    operator.asks("init", "--network", "seoul-test")
    account_id = operator.asks("accounts", "open")["account_id"]
    issue = ("accounts", "issue", account_id, "5000", "--reference", "salary")
    assert operator.asks(*issue) == operator.asks(*issue)
    # Each command is a process of its own, and the numbers of two within a second have no order.
    clock.now_s += 1
    operator.asks("accounts", "redeem", account_id, "2000")
    lines = operator.asks("statement", account_id)["lines"]
    assert [each["amount_won"] for each in lines] == [5_000, -2_000]
    operator.asks("payouts", "make", "a quiet day")
    assert operator.asks("supply")["issued_won"] == 3_000
    assert operator.asks("audit")["is_clean"]
