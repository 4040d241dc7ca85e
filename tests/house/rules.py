"""The house rules as functions from a source to its violations, each a sentence with its place.

Knows no particular file: which sources a rule is for is said in test_house.py.
"""

import ast
import builtins
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

from tests.house.sources import ROOMS, Source

# The brackets keep this file within the rules that it states.
UNFINISHED: Final = re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b")
MACHINE_PATHS: Final = re.compile(r"(?<![\w.~}])/(?:wo[r]k|ho[m]e|ro[o]t|Us[e]rs|t[m]p)/\w")
EMPTY_NAMES: Final = re.compile(r"(?:^|_)(?:utils?|helpers?|common|managers?|misc)(?:_|$)")
ROOT_ERROR: Final = "KSCoinError"

E = TypeVar("E")


def unfinished_words(source: Source) -> Iterator[str]:
    """Nothing is left for later: a thing is done, or it is an issue."""
    yield from _lines_with(UNFINISHED, source, "is left for later")


def machine_paths(source: Source) -> Iterator[str]:
    """No path of one person's machine: nothing outside the checkout is where it was there."""
    yield from _lines_with(MACHINE_PATHS, source, "names a path of one machine")


def empty_names(source: Source) -> Iterator[str]:
    """A module's name says what is in it; these names say nothing."""
    for part in source.path.with_suffix("").parts:
        if EMPTY_NAMES.search(part):
            yield f"{source.path}: {part} says nothing about what is in it"


def missing_docstring(source: Source) -> Iterator[str]:
    """A module says in its first line what it is for."""
    if not (ast.get_docstring(source.tree) or "").strip():
        yield f"{source.path}: no docstring says what this module is for"


def imports_inside_functions(source: Source) -> Iterator[str]:
    """Our own modules are imported at the top: an import hidden in a function hides a cycle."""
    for function in ast.walk(source.tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for statement in ast.walk(function):
                if set(_imported_roots(statement)) & {*ROOMS, "tests"}:
                    place = f"{source.path}:{_line_of(statement)}"
                    yield f"{place}: {function.name}() imports a module of ours"


def foreign_error_bases(source: Source) -> Iterator[str]:
    """Every error of ours hangs in the one tree, so that no `except ValueError` swallows it."""
    for definition in _classes(source):
        for base in _base_names(definition):
            if _is_builtin_error(base) and definition.name != ROOT_ERROR:
                yield f"{source.path}:{definition.lineno}: {definition.name} is a {base}"


def code_violations(errors: Iterable[type]) -> Iterator[str]:
    """Every error has a code of its own, written in its own class, and no two have the same."""
    codes = {error: vars(error).get("code") for error in errors}
    uses = Counter(codes.values())
    for error, code in codes.items():
        if code is None:
            yield f"{error.__name__} has no code of its own"
        elif uses[code] > 1:
            yield f"{error.__name__} shares the code {code!r}"


def tree_below(error: type[E]) -> Iterator[type[E]]:
    """This class and all that inherit from it, as far as they have been imported."""
    yield error
    for branch in error.__subclasses__():
        yield from tree_below(branch)


def _lines_with(pattern: re.Pattern[str], source: Source, complaint: str) -> Iterator[str]:
    for number, line in enumerate(source.text.splitlines(), start=1):
        if found := pattern.search(line):
            yield f"{source.path}:{number}: {found[0]!r} {complaint}"


def _imported_roots(statement: ast.AST) -> Iterator[str]:
    match statement:
        case ast.Import(names=names):
            yield from (name.name.partition(".")[0] for name in names)
        case ast.ImportFrom(module=str(module)):
            yield module.partition(".")[0]


def _line_of(node: ast.AST) -> int:
    return getattr(node, "lineno", 0)


def _classes(source: Source) -> Iterator[ast.ClassDef]:
    return (node for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef))


def _base_names(definition: ast.ClassDef) -> Iterator[str]:
    for base in definition.bases:
        match base:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                yield name


def _is_builtin_error(name: str) -> bool:
    builtin = getattr(builtins, name, None)
    return isinstance(builtin, type) and issubclass(builtin, BaseException)
