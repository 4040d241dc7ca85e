"""Every code that a till may have to put into words, read from the product's own sources."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Final

from kscoin.errors import KSCoinError
from tests.house.rules import tree_below
from tests.house.sources import Source, shipped_modules

# The rooms whose errors a shopkeeper can meet; a ledger's own troubles are its operator's.
ROOMS: Final = frozenset({"kscoin", "drivers", "offline_queue", "pos_app"})
# A demo's customer tells their troubles themselves, and a rehearsal has no screen.
ELSEWHERE: Final = ("pos_app.demo", "pos_app.rehearsal")
# Whoever makes one of these names a code.
CODE_TAKERS: Final = frozenset({"Problem", "Fault", "StartFailed", "gone_silent"})
# Whoever raises one of these, or finds one, gives the reason in a verdict or an answer.
REASON_GIVERS: Final = frozenset({"NotFound", "NotAllowed", "Conflict", "Unpayable"})
FINDINGS: Final = frozenset({Path("ledger/settlement.py"), Path("ledger/refunds.py")})


def all_codes() -> set[str]:
    """The codes of errors, of the till's own problems, and of the ledger's verdicts."""
    return {*_error_codes(), *_problem_codes(), *_ledger_reasons()}


def all_literals() -> set[str]:
    """Every string that the product's sources write, the tables of sentences apart."""
    sources = (each for each in shipped_modules() if not each.path.stem.endswith("_refusals"))
    return {
        node.value
        for source in sources
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _error_codes() -> Iterator[str]:
    for source in shipped_modules():
        if source.room in ROOMS and _is_free_of_kivy(source):
            import_module(source.module_name)
    for error in tree_below(KSCoinError):
        module = error.__module__
        if module.partition(".")[0] in ROOMS and not module.startswith(ELSEWHERE):
            yield error.code


def _problem_codes() -> Iterator[str]:
    for source in shipped_modules():
        if source.room == "pos_app":
            yield from _literals(source, CODE_TAKERS)


def _ledger_reasons() -> Iterator[str]:
    for source in shipped_modules():
        if source.room == "ledger":
            yield from _literals(source, REASON_GIVERS)
        if source.path in FINDINGS:
            yield from _constants(source)


def _is_free_of_kivy(source: Source) -> bool:
    return source.path.parts[:2] != ("pos_app", "screens") or source.path.stem == "fonts"


def _literals(source: Source, callees: frozenset[str]) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and _name(node.func) in callees:
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value
                    break


def _constants(source: Source) -> Iterator[str]:
    for node in source.tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            yield str(node.value.value)


def _name(callee: ast.expr) -> str:
    match callee:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""
