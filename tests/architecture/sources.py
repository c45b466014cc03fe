"""The project's Python sources as the budgets see them."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ("libs/*/src", "services/*/src", "deploy", "contracts", "bench")
TESTS = ("libs/*/tests", "services/*/tests", "tests")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One Python file."""

    path: Path

    @property
    def name(self) -> str:
        """Its path from the root."""
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        """Its content."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.text)

    @property
    def lines(self) -> int:
        """Number of lines, blank ones and comments included."""
        return len(self.text.splitlines())

    @cached_property
    def code_lines(self) -> int:
        """Number of lines that are code: no blank line, comment or docstring."""
        told = {number for node in ast.walk(self.tree) for number in range(*_docstring_span(node))}
        return sum(
            bool(line.strip()) and not line.lstrip().startswith("#") and number not in told
            for number, line in enumerate(self.text.splitlines(), start=1)
        )

    def functions(self) -> Iterator[Function]:
        """Every function and method in it."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    def at(self, node: ast.expr | ast.stmt) -> str:
        """File and line of a part of it."""
        return f"{self.name}:{node.lineno}"


def _docstring_span(node: ast.AST) -> tuple[int, int]:
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    if isinstance(node, kinds) and ast.get_docstring(node, clean=False) is not None:
        return node.body[0].lineno, (node.body[0].end_lineno or 0) + 1
    return 0, 0


def length(function: Function) -> int:
    """Lines from `def` to the last one."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def body(function: Function) -> list[ast.stmt]:
    """Its statements without the docstring."""
    told = ast.get_docstring(function) is not None
    return function.body[1:] if told else function.body


def body_length(function: Function) -> int:
    """Lines its statements take, docstring not counted."""
    statements = body(function)
    return (statements[-1].end_lineno or 0) - statements[0].lineno + 1 if statements else 0


@lru_cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Python files below the folders, generated and installed ones left out."""
    found = (
        path
        for pattern in folders
        for folder in ROOT.glob(pattern)
        for path in sorted(folder.rglob("*.py"))
    )
    return tuple(Source(path) for path in found if "node_modules" not in path.parts)


def code() -> tuple[Source, ...]:
    """What runs."""
    return sources(*CODE)


def files_of_tests() -> tuple[Source, ...]:
    """What tests it."""
    return sources(*TESTS)


@lru_cache
def committed_files() -> tuple[Path, ...]:
    """Files of the working tree that git keeps or would keep."""
    told = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        capture_output=True,
        text=True,
        check=True,
    )
    names = sorted(filter(None, told.stdout.split("\0")))
    return tuple(ROOT / name for name in names if (ROOT / name).is_file())
