"""The commands as a technician and a script see them: answers, questions, exit statuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner, Result

from drivers.errors import DeviceBusy, ServiceDown
from firmware_tools import cli
from firmware_tools.devices import Device, DeviceKind, Finding
from kscoin.keys import SoftwareSigner
from ledger.server import LedgerServer
from tests.firmware_tools.ledgers import NETWORK, SHOP, Node, running_node
from tests.stacks.ports import LOOPBACK, free_port

FAILED = 1
WRONG_USAGE = 2
NO_CODE = "0000-0000-0000-0000"


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Node, str]]:
    """A ledger and its address."""
    with running_node() as node, LedgerServer(node.ledger) as server:
        yield node, server.url


@pytest.fixture
def machine(served: tuple[Node, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine whose clock is the ledger's, and on which nothing is enrolled."""
    node, url = served
    monkeypatch.setattr(cli, "_now_s", node.time)
    return Machine(node, url, tmp_path / "terminal")


class Machine:
    """Somewhere to run `ks-field enrol`."""

    def __init__(self, node: Node, url: str, directory: Path) -> None:
        self.node = node
        self.url = url
        self.directory = directory

    def enrol(self, code: str, *options: str, typed: str = "") -> Result:
        arguments = ["enrol", code, "--ledger", self.url, "--dir", str(self.directory)]
        return run(*arguments, *options, typed=typed)

    @property
    def root(self) -> str:
        return self.node.roots[0].compressed.hex()


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(cli.main, arguments, input=typed)


def facts_of(result: Result) -> dict[str, Any]:
    """The one JSON object on stdout."""
    facts: dict[str, Any] = json.loads(result.stdout)
    return facts


def test_a_root_that_was_given_is_not_asked_for(machine: Machine) -> None:
    result = machine.enrol(machine.node.code(), "--root", machine.root)

    assert result.exit_code == 0, result.stderr
    assert SHOP in result.stdout
    assert f"ks-pos run --terminal {machine.directory}" in result.stdout
    assert (machine.directory / "settings.toml").exists()


def test_a_root_that_was_not_given_is_shown_and_asked_for(machine: Machine) -> None:
    result = machine.enrol(machine.node.code(), typed="y\n")

    assert result.exit_code == 0, result.stderr
    assert machine.root in result.stdout.replace(" ", "")
    assert "fingerprint that the operator gave you?" in result.stderr


@pytest.mark.parametrize("typed", ["n\n", "\n", "", "what?\n"])
def test_without_a_yes_no_code_is_sent(typed: str, machine: Machine) -> None:
    code = machine.node.code()
    result = machine.enrol(code, typed=typed)

    assert result.exit_code == FAILED
    assert "(not_confirmed)" in result.stderr
    assert not machine.directory.exists()
    assert machine.enrol(code, "-y").exit_code == 0


def test_a_script_gets_one_object(machine: Machine) -> None:
    result = machine.enrol(machine.node.code(), "--root", machine.root, "--json")
    facts = facts_of(result)

    assert facts["terminal_id"] in {each.hex() for each in machine.node.terminal_ids}
    assert (facts["merchant_name"], facts["network"]) == (SHOP, NETWORK)
    assert (facts["root"], facts["kept"]) == (machine.root, None)
    assert facts["directory"] == str(machine.directory)


def test_a_dry_run_uses_no_code_and_writes_nothing(machine: Machine) -> None:
    code = machine.node.code()
    facts = facts_of(machine.enrol(code, "--dry-run", "--json"))

    assert (facts["dry_run"], facts["network"], facts["root"]) == (True, NETWORK, machine.root)
    assert list(machine.directory.parent.iterdir()) == []
    assert machine.enrol(code, "-y").exit_code == 0


def test_a_name_is_what_the_operator_sees(machine: Machine) -> None:
    facts = facts_of(machine.enrol(machine.node.code(), "-y", "--json", "--name", "Counter 2"))

    terminals = machine.node.ledger.terminals.of(machine.node.merchant_id)
    (row,) = [each for each in terminals if each.terminal_id.hex() == facts["terminal_id"]]
    assert row.hardware.startswith("Counter 2, ")


def test_a_code_may_be_typed_as_people_type(machine: Machine) -> None:
    code = machine.node.code().lower().replace("-", " ").replace("1", "l").replace("0", "o")

    assert machine.enrol(code, "-y").exit_code == 0


@pytest.mark.parametrize(("code", "said"), [(NO_CODE, "unknown_code"), ("7Q2F", "unknown_code")])
def test_a_code_that_the_ledger_does_not_know(code: str, said: str, machine: Machine) -> None:
    result = machine.enrol(code, "-y", "--json")

    assert result.exit_code == FAILED
    assert facts_of(result)["error"]["code"] == said
    assert "The ledger knows no such code." in result.stderr


def test_a_wrong_root_stops_before_the_code_is_sent(machine: Machine) -> None:
    code, other = machine.node.code(), SoftwareSigner(5).public_key.compressed.hex()

    result = machine.enrol(code, "--root", other)

    assert result.exit_code == FAILED
    assert "No code was sent." in result.stderr
    assert machine.enrol(code, "-y").exit_code == 0


def test_a_second_terminal_in_the_same_directory_needs_more_than_a_yes(machine: Machine) -> None:
    first = facts_of(machine.enrol(machine.node.code(), "-y", "--json"))["terminal_id"]

    assert "(already_enrolled)" in machine.enrol(machine.node.code(), "-y").stderr
    for typed in ("y\n", "", "0000000000000000\n"):
        refused = machine.enrol(machine.node.code(), "-y", "--replace", typed=typed)
        assert "(not_confirmed)" in refused.stderr
    result = machine.enrol(machine.node.code(), "-y", "--replace", "--json", typed=f"{first}\n")

    assert result.exit_code == 0, result.stderr
    facts = facts_of(result)
    assert facts["terminal_id"] != first
    assert Path(facts["kept"]).name == f"terminal.was-{first}"


def test_a_clock_that_is_off_is_mentioned(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "_now_s", lambda: machine.node.time() - 7_200)

    result = machine.enrol(machine.node.code(), "-y")

    assert result.exit_code == FAILED
    assert "7,200 s behind" in result.stdout
    assert "timedatectl" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["enrol"],
        ["enrol", NO_CODE],
        ["enrol", "not a code!", "--ledger", "https://ledger.example"],
        ["enrol", "0" * 33, "--ledger", "https://ledger.example"],
        ["enrol", NO_CODE, "--ledger", "ledger.example"],
        ["enrol", NO_CODE, "--ledger", "ftp://ledger.example"],
        ["enrol", NO_CODE, "--ledger", "https://ledger.example:99999"],
        ["enrol", NO_CODE, "--ledger", "https://"],
        ["enrol", NO_CODE, "--ledger", "https://ledger.example", "--root", "02ab"],
        ["enrol", NO_CODE, "--ledger", "https://ledger.example", "--root", "zz" * 33],
        ["enlist"],
    ],
)
def test_a_wrong_command_is_told_apart_from_a_failure(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == WRONG_USAGE


def test_nobody_at_the_address() -> None:
    result = run("enrol", NO_CODE, "--ledger", f"http://{LOOPBACK}:{free_port()}", "-y", "--json")

    assert result.exit_code == FAILED
    assert facts_of(result)["error"]["code"] == "ledger_unreachable"


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, b"<html>sign in</html>", "ledger_garbled"),
        (200, b"{}", "ledger_garbled"),
        (302, b"", "ledger_garbled"),
        (401, b"", "http_401"),
        (404, b"", "http_404"),
        (500, b"", "ledger_failing"),
    ],
)
def test_something_else_at_the_address(status: int, body: bytes, code: str) -> None:
    with something_that_answers(status, body) as url:
        result = run("enrol", NO_CODE, "--ledger", url, "-y", "--json")

    assert result.exit_code == FAILED
    assert facts_of(result)["error"]["code"] == code


def something_that_answers(status: int, body: bytes) -> Answering:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Answering(HTTPServer(("127.0.0.1", 0), Handler))


class Answering:
    """A web server that is no ledger, for the length of a `with` block."""

    def __init__(self, server: HTTPServer) -> None:
        self._server = server
        self._thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


SCANNER = Device(DeviceKind.SCANNER, "/dev/ttyACM0", "honeywell, Xenon", Finding.READY)
READER = Device(DeviceKind.CARD_READER, "ACR1252", "PC/SC", Finding.NO_CARD)
HELD = Device(
    DeviceKind.SCANNER,
    "/dev/ttyACM1",
    "zebra",
    Finding.TROUBLE,
    DeviceBusy("/dev/ttyACM1", "locked"),
)
NO_SERVICE = Device(
    DeviceKind.CARD_READER,
    "PC/SC service",
    "",
    Finding.TROUBLE,
    ServiceDown("PC/SC service", "no answer"),
)


def plug_in(monkeypatch: pytest.MonkeyPatch, *devices: Device) -> None:
    monkeypatch.setattr(cli, "find_devices", lambda bench: iter(devices))


def test_devices_as_a_table_with_the_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, SCANNER, HELD, READER, NO_SERVICE)

    shown = run("devices").stdout

    for device in (SCANNER, HELD, READER, NO_SERVICE):
        assert device.name in shown
    assert "Another program holds it." in shown


def test_devices_for_a_script(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, SCANNER, NO_SERVICE)

    scanner, reader = facts_of(run("devices", "--json"))["devices"]

    assert (scanner["kind"], scanner["is_well"], scanner["code"]) == ("scanner", True, None)
    assert (reader["kind"], reader["is_well"]) == ("card_reader", False)
    assert (reader["code"], "pcscd" in reader["next_step"]) == ("service_down", True)


def test_no_devices_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch)

    assert "No scanner, no card reader and no printer" in run("devices").stdout
    assert facts_of(run("devices", "--json")) == {"devices": []}
