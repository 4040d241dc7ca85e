"""What the documentation names is there: links, headings, paths, names in code, commands, targets.

Reads the pages as text and the command line tools as click describes them; runs none of them.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import chain, dropwhile
from pathlib import Path
from typing import Final

import click
import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
PAGES: Final = sorted(chain(ROOT.glob("*.md"), ROOT.glob("docs/**/*.md")))

CALLERS: Final = [ROOT / "Makefile", *sorted(p for p in ROOT.glob("deploy/**/*") if p.is_file())]

# Code in the text that starts with one of these is a path of the repository, and has to be there.
ROOMS: Final = ("kscoin", "drivers", "offline_queue", "pos_app", "ledger", "firmware_tools")
FOLDERS: Final = (*ROOMS, "tests", "docs", "deploy", ".ci")
# A bare file name of these kinds is a file of ours somewhere; others may be a terminal's own files.
OUR_KINDS: Final = frozenset({".py", ".kv", ".md"})

PROGRAMS: Final = {
    "ks-pos": "pos_app.__main__:commands",
    "ks-ledger": "ledger.commands.main:commands",
    "ks-field": "firmware_tools.cli:main",
}

FENCE: Final = re.compile(r"^ *(```+)([a-z]*)[^\n]*\n(.*?)^ *\1 *$", re.MULTILINE | re.DOTALL)
CODE: Final = re.compile(r"(`+)(.+?)\1", re.DOTALL)
LINK: Final = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
IMAGE_TAG: Final = re.compile(r"""<img\b[^>]*\bsrc=["']([^"']+)["']""")
HEADING: Final = re.compile(r"^#{1,6}\s+(.+?)\s*$", re.MULTILINE)
PATH: Final = re.compile(rf"(?:{'|'.join(map(re.escape, FOLDERS))})/[\w./*-]*")
DOTTED: Final = re.compile(rf"(?:{'|'.join(ROOMS)})(?:\.\w+)+")
SHELL: Final = frozenset({"sh", "bash", "console"})
# A program of ours as scripts and units call it: by its place.
CALL: Final = re.compile(r"""bin/(ks-[a-z]+(?: [^"'\n]*)?)|BIN\)/(ks-[a-z]+(?: [^"'\n]*)?)""")
# What a synopsis is written with; the words inside are checked as if they were typed.
SYNOPSIS: Final = str.maketrans(dict.fromkeys("[]…|", " "))


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its running text without code blocks, what it sets in code, its shell lines."""

    path: Path
    prose: str
    spans: tuple[str, ...]
    shell_lines: tuple[str, ...]

    @classmethod
    def of(cls, path: Path, text: str) -> "Page":
        prose = FENCE.sub("", text)
        blocks = [match[3] for match in FENCE.finditer(text) if match[2] in SHELL]
        lines = chain.from_iterable(block.replace("\\\n", " ").splitlines() for block in blocks)
        spans = tuple(match[2] for match in CODE.finditer(prose))
        return cls(path, prose, spans, tuple(filter(None, map(typed, lines))))

    @property
    def commands(self) -> Iterator[str]:
        """Every command on the page, in blocks and in the running text."""
        return chain(self.shell_lines, self.spans)


def typed(line: str) -> str:
    """What a person types of a line in a shell block: no prompt, no comment."""
    return line.strip().removeprefix("$ ").partition(" #")[0].removeprefix("#").strip()


def read(path: Path) -> Page:
    return Page.of(path, path.read_text(encoding="utf-8"))


def problems(page: Page) -> Iterator[str]:
    """Yield a sentence for everything on the page that names what is not there."""
    prose = CODE.sub("", page.prose)
    for target in chain(LINK.findall(prose), IMAGE_TAG.findall(prose)):
        yield from link_problems(page, target)
    for span in page.spans:
        yield from path_problems(span)
        yield from name_problems(span)
    for command in page.commands:
        yield from command_problems(command)


def link_problems(page: Page, target: str) -> Iterator[str]:
    if "://" in target or target.startswith("mailto:"):
        return
    name, _, fragment = target.partition("#")
    linked = (page.path.parent / name).resolve() if name else page.path
    if not linked.exists():
        yield f"the link {target} leads nowhere"
    elif fragment and fragment not in headings(linked):
        yield f"{linked.name} has no heading #{fragment}"


@cache
def headings(path: Path) -> frozenset[str]:
    """The anchors of a page's headings, made as GitHub makes them."""
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    return frozenset(map(anchor, HEADING.findall(text)))


def anchor(heading: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", heading.lower())
    return kept.replace(" ", "-")


def path_problems(code: str) -> Iterator[str]:
    words = code.split()
    for word in filter(PATH.fullmatch, words):
        if not list(ROOT.glob(word.rstrip("/"))):
            yield f"there is no {word}"
    if words == [Path(code).name] and Path(code).suffix in OUR_KINDS and not is_file_of_ours(code):
        yield f"no file is called {code}"


def is_file_of_ours(name: str) -> bool:
    places = (ROOT.glob(name), *((ROOT / folder).rglob(name) for folder in FOLDERS))
    return any(chain.from_iterable(places))


def name_problems(code: str) -> Iterator[str]:
    dotted = code.removesuffix("()")
    if DOTTED.fullmatch(dotted) and not stands(dotted.split(".")):
        yield f"there is no {dotted}"


def stands(parts: list[str]) -> bool:
    """Whether a dotted name is a module of ours, or a name that a module of ours writes down."""
    for count in range(len(parts), 0, -1):
        source = module_source(ROOT.joinpath(*parts[:count]))
        if source is not None:
            return all(re.search(rf"\b{name}\b", source) for name in parts[count:])
    return False


def module_source(bare: Path) -> str | None:
    for source in (bare.with_suffix(".py"), bare / "__init__.py"):
        if source.exists():
            return source.read_text(encoding="utf-8")
    return None


def command_problems(command: str) -> Iterator[str]:
    words = shell_words(command.translate(SYNOPSIS))
    match words:
        case ["make", *targets]:
            asked = {each for each in targets if "=" not in each}
            yield from (f"make knows no {each}" for each in sorted(asked - make_targets()))
        case [program, *arguments] if program in PROGRAMS:
            yield from click_problems(tool(program), arguments)
        case _:
            yield from chain.from_iterable(path_problems(word) for word in words if "/" in word)


def shell_words(command: str) -> list[str]:
    """The words of a command, without the environment variables and the sudo before it."""
    try:
        words = shlex.split(command)
    except ValueError:
        return []
    typed_first = dropwhile(is_before_the_program, words)
    return [Path(word).name if at == 0 else word for at, word in enumerate(typed_first)]


def is_before_the_program(word: str) -> bool:
    return word == "sudo" or re.fullmatch(r"[A-Z_]+=.*", word) is not None


@cache
def make_targets() -> frozenset[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    rules = re.findall(r"^([\w-]+(?: [\w-]+)*):(?!=)", text, re.MULTILINE)
    return frozenset(chain.from_iterable(map(str.split, rules)))


@cache
def tool(program: str) -> click.Command:
    module, _, name = PROGRAMS[program].partition(":")
    found = getattr(import_module(module), name)
    assert isinstance(found, click.Command)
    return found


def click_problems(command: click.Command, words: list[str]) -> Iterator[str]:
    """Yield a sentence for each subcommand and each option that the tool does not have."""
    known = options(command)
    waiting = iter(words)
    for word in waiting:
        if word.startswith("-"):
            name, has_value, _ = word.partition("=")
            if name not in known:
                yield f"{command.name} has no option {name}"
            elif not known[name].is_flag and not has_value:
                next(waiting, None)
        elif isinstance(command, click.Group):
            # Asked for, not looked up: a tool may import a command only when it is wanted.
            found = command.get_command(click.Context(command), word)
            if found is None:
                yield f"{command.name} has no command {word}"
                return
            command = found
            known |= options(command)


def options(command: click.Command) -> dict[str, click.Option]:
    declared = [each for each in command.params if isinstance(each, click.Option)]
    shown_by_click = click.Option(["--help"], is_flag=True)
    names = {name: each for each in declared for name in (*each.opts, *each.secondary_opts)}
    return {"--help": shown_by_click, **names}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_names_only_what_is_there(path: Path) -> None:
    assert list(problems(read(path))) == []


def test_the_pages_that_a_newcomer_needs_are_there() -> None:
    wanted = {
        "README.md",
        "CHANGELOG.md",
        "docs/architecture.md",
        "docs/protocol.md",
        "docs/development.md",
        "docs/field.md",
        "docs/decisions/README.md",
    }
    assert wanted <= {str(path.relative_to(ROOT)) for path in PAGES}


def test_each_decision_has_a_number_of_its_own() -> None:
    pages = [page for page in PAGES if page.parent.name == "decisions" and page.stem != "README"]
    numbers = [int(page.stem[:4]) for page in pages]
    headings = [int(page.read_text(encoding="utf-8").split(".")[0].strip("# ")) for page in pages]
    index = (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")
    listed = [int(number) for number in re.findall(r"^\| \[(\d+)\]", index, re.MULTILINE)]
    assert numbers == sorted(set(numbers)) == headings == listed


@pytest.mark.parametrize("path", CALLERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_scripts_and_units_call_commands_that_are_there(path: Path) -> None:
    calls = list(calls_in(path.read_text(encoding="utf-8")))
    assert [problem for call in calls for problem in command_problems(call)] == []


def test_the_calls_of_scripts_and_units_are_found() -> None:
    assert {call.split()[0] for path in CALLERS for call in calls_in(path.read_text())} == set(
        PROGRAMS
    )


def calls_in(text: str) -> Iterator[str]:
    return (plain or made for plain, made in CALL.findall(text))


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            reached.add(page)
            waiting.extend(pages_linked_from(page))
    assert set(PAGES) - reached == set()


def pages_linked_from(path: Path) -> Iterator[Path]:
    for target in LINK.findall(read(path).prose):
        linked = (path.parent / target.partition("#")[0]).resolve()
        if linked.is_file() and linked.suffix == ".md":
            yield linked


@click.group(name="tool")
@click.option("--loud", is_flag=True)
def example(loud: bool) -> None:
    """A tool for the tests below."""


@example.command()
@click.option("--into", type=click.Path())
def put(into: str | None) -> None:
    """A command of that tool."""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[a](nowhere.md)", "the link nowhere.md leads nowhere"),
        ('<img src="docs/none.png">', "the link docs/none.png leads nowhere"),
        ("[a](CHANGELOG.md#no-such-thing)", "CHANGELOG.md has no heading #no-such-thing"),
        ("`kscoin/none.py`", "there is no kscoin/none.py"),
        ("`tests/none/*.json`", "there is no tests/none/*.json"),
        ("`nonesuch.py`", "no file is called nonesuch.py"),
        ("`kscoin.cose.nonesuch`", "there is no kscoin.cose.nonesuch"),
        ("`kscoin.nonesuch()`", "there is no kscoin.nonesuch"),
        ("```sh\npython -m pytest tests/none\n```", "there is no tests/none"),
        ("```sh\nmake tea GROUP=none\n```", "make knows no tea"),
    ],
)
def test_a_page_that_names_what_is_not_there_is_found(text: str, sentence: str) -> None:
    assert list(problems(Page.of(ROOT / "page.md", text + "\n"))) == [sentence]


@pytest.mark.parametrize(
    "text",
    [
        "[a](CHANGELOG.md#changes) and [b](https://example.com/nowhere.md)",
        "`kscoin/*.py`, `kscoin/`, `money.py`, `settings.toml`, `kscoin.cose.parse()`",
        "```sh\n$ python -m pytest tests/house  # the house's own\n```",
        "```python\n`kscoin/none.py`\n```",
    ],
)
def test_a_page_that_names_what_is_there_passes(text: str) -> None:
    assert list(problems(Page.of(ROOT / "page.md", text + "\n"))) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["take"], "tool has no command take"),
        (["--quiet"], "tool has no option --quiet"),
        (["put", "--onto=x"], "put has no option --onto"),
    ],
)
def test_a_command_that_a_tool_does_not_have_is_found(words: list[str], sentence: str) -> None:
    assert list(click_problems(example, words)) == [sentence]


def test_a_command_that_a_tool_has_passes() -> None:
    assert list(click_problems(example, ["--loud", "put", "--into", "here", "--help"])) == []
