"""A check of the code's own values: every field of them is explained, and few names are typed `Any`.

`python -m tools.values`, which `make check` runs.
"""

import ast
import re
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

ROOT = Path(__file__).parents[1]
PACKAGES = ("firmware", "server", "sync", "tools")
APART = "tools/vboard/sim"  # mirrors the names of MicroPython
ANY_LIMIT = 60  # uses of `Any` in all packages
KINDS = {"NamedTuple", "Struct"}


class Field(NamedTuple):
    """A field of a value that is not explained. place: its file and line. name: its class and its name."""

    place: str
    name: str

    def __str__(self) -> str:
        return f"{self.place} {self.name}"


@dataclass(frozen=True)
class Source:
    """A file of Python.

    path: relative to the root. tree: what it parses to. notes: the lines that end with a comment.
    comments: the lines that are nothing but a comment. classes: its classes, by name. imports: the names
    that it imports from modules, as (module, name there).
    """

    path: str
    tree: ast.Module
    notes: frozenset[int]
    comments: frozenset[int]
    classes: dict[str, ast.ClassDef]
    imports: dict[str, tuple[str, str]]

    @classmethod
    def read(cls, root: Path, path: Path) -> Self:
        """Parse a file."""
        tree = ast.parse(path.read_text("utf-8"))
        with path.open("rb") as file:
            found = [token for token in tokenize.tokenize(file.readline) if token.type == tokenize.COMMENT]
        alone = frozenset(token.start[0] for token in found if not token.line[: token.start[1]].strip())
        nodes = list(ast.walk(tree))
        return cls(
            path.relative_to(root).as_posix(),
            tree,
            frozenset(token.start[0] for token in found) - alone,
            alone,
            {node.name: node for node in nodes if isinstance(node, ast.ClassDef)},
            {
                alias.asname or alias.name: (node.module or "", alias.name)
                for node in nodes
                if isinstance(node, ast.ImportFrom)
                for alias in node.names
            },
        )

    @property
    def module(self) -> str:
        """The name under which others import it."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


class Packages:
    """All files of the packages. root: the folder that holds the packages."""

    def __init__(self, root: Path) -> None:
        files = sorted(path for name in PACKAGES for path in (root / name).rglob("*.py"))
        self.sources = [Source.read(root, path) for path in files if APART not in path.as_posix()]
        self._modules = {source.module: source for source in self.sources}

    def unexplained(self) -> Iterator[Field]:
        """The fields that neither a docstring nor a comment explains."""
        for source in self.sources:
            for made in source.classes.values():
                lineage = list(self._lineage(source, made))
                if any(_is_value(one) for one in lineage):
                    yield from _unexplained(source, made, lineage)

    def fields(self) -> int:
        """How many fields all values have."""
        return sum(
            len(_fields(made))
            for source in self.sources
            for made in source.classes.values()
            if any(_is_value(one) for one in self._lineage(source, made))
        )

    def anys(self) -> int:
        """How often `Any` is used; an import is no use."""
        nodes = (node for source in self.sources for node in ast.walk(source.tree))
        return sum(isinstance(node, ast.Name) and node.id == "Any" for node in nodes)

    def _lineage(self, source: Source, made: ast.ClassDef) -> Iterator[ast.ClassDef]:
        """A class and the bases of it that are in the packages."""
        yield made
        for base in made.bases:
            name = _last_name(base)
            if name in source.classes and source.classes[name] is not made:
                yield from self._lineage(source, source.classes[name])
            elif name in source.imports:
                module, there = source.imports[name]
                other = self._modules.get(module)
                if other and there in other.classes:
                    yield from self._lineage(other, other.classes[there])


def _last_name(node: ast.expr) -> str:
    """`Struct` of `msgspec.Struct`, `dataclass` of `dataclass(frozen=True)`."""
    if isinstance(node, ast.Call | ast.Subscript):
        return _last_name(node.func if isinstance(node, ast.Call) else node.value)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _is_value(made: ast.ClassDef) -> bool:
    names = {_last_name(one) for one in made.bases}
    return bool(KINDS & names) or "dataclass" in {_last_name(one) for one in made.decorator_list}


def _fields(made: ast.ClassDef) -> list[tuple[str, ast.AnnAssign]]:
    """The public fields that a class declares, with their names."""
    return [
        (node.target.id, node)
        for node in made.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        if not node.target.id.startswith("_") and _last_name(node.annotation) != "ClassVar"
    ]


def _unexplained(source: Source, made: ast.ClassDef, lineage: list[ast.ClassDef]) -> Iterator[Field]:
    for name, node in _fields(made):
        declared = [one for one in lineage if name in dict(_fields(one))]
        words = {word for one in declared for word in re.findall(r"\w+", ast.get_docstring(one) or "")}
        lines = set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        if name not in words and not lines & source.notes and node.lineno - 1 not in source.comments:
            yield Field(f"{source.path}:{node.lineno}", f"{made.name}.{name}")


def main(root: Path = ROOT) -> int:
    """Print what is wrong, or a summary; 1 when something is wrong."""
    packages = Packages(root)
    unexplained, anys = list(packages.unexplained()), packages.anys()
    for field in unexplained:
        print(field)
    if unexplained:
        print(f"{len(unexplained)} of {packages.fields()} fields are not explained.")
    if anys > ANY_LIMIT:
        print(f"`Any` is used {anys} times, {ANY_LIMIT} are allowed: name a type.")
    if unexplained or anys > ANY_LIMIT:
        return 1
    print(f"All {packages.fields()} fields are explained; `Any` is used {anys} times of at most {ANY_LIMIT}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
