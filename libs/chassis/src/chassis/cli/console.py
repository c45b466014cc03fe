"""What commands say: words for people, JSON for programs, and the exit code."""

import asyncio
import functools
import sys
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Annotated, Any, NoReturn, ParamSpec, TypeVar

import orjson
import typer
from pydantic import ValidationError

from chassis.problems.problem import Problem
from chassis.storage.lost import LOST
from chassis.texts import Texts

__all__ = ["AsJson", "Refusal", "command", "fail", "say", "show", "show_table"]

P = ParamSpec("P")
T = TypeVar("T")

FAILED = 1
UNUSABLE = 2

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]


class Refusal(Exception):
    """The command cannot do its work; the text says why and what to do. Ends with exit code 2."""


def command(act: Callable[P, Any]) -> Callable[P, None]:
    """A command whose refusals become one readable line and the right exit code."""

    @functools.wraps(act)
    def explained(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            done = act(*args, **kwargs)
            if isinstance(done, Coroutine):
                asyncio.run(done)
        except (Refusal, ValueError) as refused:
            fail(_words(refused), code=UNUSABLE)
        except Problem as problem:
            fail(_problem(problem), code=FAILED)
        except LOST as lost:
            fail(f"the database does not answer: {lost}", code=FAILED)

    return explained


def fail(words: str, *, code: int) -> NoReturn:
    """Say what went wrong on standard error and end the process."""
    sys.stderr.write(f"error: {words}\n")
    raise typer.Exit(code)


def say(words: str = "") -> None:
    """One line for people."""
    sys.stdout.write(f"{words}\n")


def show(document: Any, words: str, *, as_json: bool) -> None:
    """The same result for a program or for a person."""
    say(_json(document) if as_json else words)


def show_table(rows: Sequence[Mapping[str, Any]], columns: Iterable[str], *, as_json: bool) -> None:
    """Rows as JSON, or as columns of even width."""
    if as_json:
        say(_json(rows))
        return
    names = list(columns)
    cells = [names, *([_cell(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[at]) for line in cells) for at in range(len(names))]
    for line in cells:
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _json(document: Any) -> str:
    option = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(document, default=str, option=option).decode()


def _cell(value: Any) -> str:
    if isinstance(value, list | tuple | set | frozenset):
        return " ".join(sorted(str(one) for one in value))
    return "-" if value is None else str(value)


def _words(refused: Exception) -> str:
    if not isinstance(refused, ValidationError):
        return str(refused)
    lines = (
        f"{'.'.join(str(part) for part in one['loc']) or 'settings'}: "
        f"{str(one['msg']).removeprefix('Value error, ')}"
        for one in refused.errors(include_input=False, include_url=False)
    )
    return "; ".join(lines)


def _problem(problem: Problem) -> str:
    view = problem.view(Texts({}), "en", "")
    wrong = [f"{error['pointer']}: {error['message']}" for error in view["errors"]]
    return "; ".join(wrong) or str(view["detail"])
