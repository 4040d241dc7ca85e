"""The project's own files, read once: what the house rules look at.

Knows where they are, not what the rules say.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
ROOMS: Final = ("drivers", "firmware_tools", "kscoin", "ledger", "offline_queue", "pos_app")
FOLDERS: Final = (*ROOMS, "tests", "docs", "deploy", ".ci")
TEXT_SUFFIXES: Final = frozenset(
    {"", ".cfg", ".conf", ".json", ".kv", ".md", ".py", ".rules", ".service", ".sh", ".toml"}
)


@dataclass(frozen=True, slots=True)
class Source:
    """One text file of the project, by its path below the root."""

    path: Path
    text: str

    @property
    def room(self) -> str:
        """The folder at the top that it belongs to."""
        return self.path.parts[0]

    @property
    def is_python(self) -> bool:
        """True for a module."""
        return self.path.suffix == ".py"

    @property
    def module_name(self) -> str:
        """The name that a module is imported by."""
        return ".".join(self.path.with_suffix("").parts).removesuffix(".__init__")

    @property
    def tree(self) -> ast.Module:
        """The module, parsed."""
        return ast.parse(self.text, str(self.path))


@cache
def all_sources() -> tuple[Source, ...]:
    """Every text file of the project, in the order of their paths."""
    return tuple(
        Source(path.relative_to(ROOT), path.read_text(encoding="utf-8"))
        for path in sorted(_text_files())
    )


def modules() -> list[Source]:
    """Every Python module, the tests' too."""
    return [source for source in all_sources() if source.is_python]


def shipped_modules() -> list[Source]:
    """Every Python module that is installed on somebody's machine."""
    return [source for source in modules() if source.room in ROOMS]


def _text_files() -> Iterator[Path]:
    for folder in FOLDERS:
        yield from filter(_is_text, (ROOT / folder).rglob("*"))
    # In one of several work trees `.git` is a file, and names a path of its machine.
    yield from (path for path in ROOT.iterdir() if path.name != ".git" and _is_text(path))


def _is_text(path: Path) -> bool:
    return path.is_file() and path.suffix in TEXT_SUFFIXES and "__pycache__" not in path.parts
