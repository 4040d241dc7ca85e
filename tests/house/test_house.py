"""The house rules hold in every file; and each rule is shown a file that breaks it."""

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from kscoin.errors import KSCoinError
from tests.house import rules
from tests.house.sources import ROOMS, Source, all_sources, modules, shipped_modules

Rule = Callable[[Source], Iterator[str]]


def test_every_room_was_looked_at() -> None:
    assert {source.room for source in shipped_modules()} == set(ROOMS)
    assert {"tests", "docs", "deploy", "Makefile", "setup.cfg"} <= {s.room for s in all_sources()}


@pytest.mark.parametrize("rule", [rules.unfinished_words, rules.machine_paths, rules.empty_names])
def test_rule_of_every_file(rule: Rule) -> None:
    assert broken(rule, all_sources()) == []


@pytest.mark.parametrize("rule", [rules.missing_docstring, rules.imports_inside_functions])
def test_rule_of_every_module(rule: Rule) -> None:
    assert broken(rule, modules()) == []


def test_every_error_hangs_in_the_one_tree() -> None:
    # A simulated card raises to itself what a real card would keep inside: no error of the product.
    sources = [source for source in shipped_modules() if "simulated" not in source.path.parts]

    assert broken(rules.foreign_error_bases, sources) == []


def test_every_error_has_a_code_of_its_own() -> None:
    errors = shipped_errors()

    assert {"kscoin", "drivers", "offline_queue", "ledger"} <= {room_of(error) for error in errors}
    assert list(rules.code_violations(errors)) == []


# Put together from halves, so that this file keeps the rules that it breaks on purpose.
BAD_FILES = [
    (rules.unfinished_words, "a.md", "TO" + "DO: the rest"),
    (rules.unfinished_words, "a.py", "x = 1  # FIX" + "ME"),
    (rules.machine_paths, "a.sh", "cat /" + "home/me/notes"),
    (rules.machine_paths, "a.py", "'/" + "work/main/a.py'"),
    (rules.empty_names, "kscoin/utils.py", ""),
    (rules.empty_names, "kscoin/card_helpers.py", ""),
    (rules.empty_names, "pos_app/common/money.py", ""),
    (rules.missing_docstring, "a.py", "x = 1"),
    (rules.missing_docstring, "a.py", '"""   """'),
    (rules.imports_inside_functions, "a.py", "def f():\n    from kscoin import money"),
    (rules.imports_inside_functions, "a.py", "async def f():\n    import ledger.book"),
    (rules.imports_inside_functions, "a.py", "class A:\n  def f(self):\n    import kscoin as k"),
    (rules.foreign_error_bases, "a.py", "class Wrong(ValueError): pass"),
    (rules.foreign_error_bases, "a.py", "class Wrong(KSCoinError, OSError): pass"),
]

GOOD_FILES = [
    (rules.unfinished_words, "a.md", "todos los días; a fixme-free file"),
    (rules.machine_paths, "a.sh", "cat build/work/x ../home/x https://example.org/home/x"),
    (rules.empty_names, "kscoin/commonwealth.py", ""),
    (rules.missing_docstring, "a.py", '"""What it is for."""'),
    (rules.imports_inside_functions, "a.py", "import kscoin\ndef f():\n    import json"),
    (rules.foreign_error_bases, "a.py", "class KSCoinError(Exception): pass"),
    (rules.foreign_error_bases, "a.py", "class Fine(DriverError): pass"),
]


@pytest.mark.parametrize(("rule", "path", "text"), BAD_FILES)
def test_a_broken_rule_is_seen(rule: Rule, path: str, text: str) -> None:
    assert len(list(rule(Source(Path(path), text)))) == 1


@pytest.mark.parametrize(("rule", "path", "text"), GOOD_FILES)
def test_a_kept_rule_is_left_in_peace(rule: Rule, path: str, text: str) -> None:
    assert list(rule(Source(Path(path), text))) == []


def test_codes_that_are_missing_or_shared_are_seen() -> None:
    root = type("Root", (Exception,), {"code": "error"})
    branch = type("Branch", (root,), {"code": "branch"})
    leaf = type("Leaf", (branch,), {"code": "branch"})
    silent = type("Silent", (leaf,), {})

    assert list(rules.tree_below(root)) == [root, branch, leaf, silent]
    assert list(rules.code_violations(rules.tree_below(root))) == [
        "Branch shares the code 'branch'",
        "Leaf shares the code 'branch'",
        "Silent has no code of its own",
    ]


def broken(rule: Rule, sources: Iterable[Source]) -> list[str]:
    """All that this rule has to say about these sources."""
    return [violation for source in sources for violation in rule(source)]


def shipped_errors() -> list[type[KSCoinError]]:
    """Every error class of the product; a window is opened by importing it, and defines none."""
    for source in shipped_modules():
        if source.path.parts[:2] != ("pos_app", "screens"):
            import_module(source.module_name)
    return [error for error in rules.tree_below(KSCoinError) if room_of(error) in ROOMS]


def room_of(error: type) -> str:
    """The room in which this class is defined."""
    return error.__module__.partition(".")[0]
