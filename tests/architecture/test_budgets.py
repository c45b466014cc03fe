"""The budgets of the house: sizes, names, and what may not be written."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.sources import (
    Function,
    Source,
    body_length,
    code,
    files_of_tests,
    length,
    sources,
)

FUNCTION_LINES = 70
FUNCTION_LINES_P90 = 30
FILE_LINES = 400
TEST_FILE_LINES = 600
CHASSIS_FILE_LINES = 250
CHASSIS_CODE_LINES = 8_800
ROUTER_BODY_LINES = 5
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}
ROUTE_METHODS = {"get", "post", "put", "patch", "delete", "head", "options"}


def test_no_function_is_longer_than_70_lines():
    long = [
        f"{source.at(function)} {function.name}: {length(function)} lines"
        for source in (*code(), *files_of_tests())
        for function in source.functions()
        if length(function) > FUNCTION_LINES
    ]
    assert not long, "\n".join(long)


def test_nine_functions_of_ten_have_at_most_30_lines():
    lengths = sorted(length(function) for source in code() for function in source.functions())
    assert lengths[int(len(lengths) * 0.9)] <= FUNCTION_LINES_P90


def test_no_file_is_too_long():
    limits = [(source, FILE_LINES) for source in code()]
    limits += [(source, TEST_FILE_LINES) for source in files_of_tests()]
    limits += [(source, CHASSIS_FILE_LINES - 1) for source in sources("libs/chassis/src")]
    long = [f"{source.name}: {source.lines}" for source, most in limits if source.lines > most]
    assert not long, "\n".join(long)


def test_the_chassis_stays_small():
    """Decisions 0001, 0063, 0091 to 0093, 0096, 0098, 0099, 0111: no more than one can know."""
    running = [one for one in sources("libs/chassis/src") if "/testing/" not in one.name]
    assert sum(source.code_lines for source in running) <= CHASSIS_CODE_LINES


def test_route_bodies_are_sentences():
    long = [
        f"{source.at(route)} {route.name}: {body_length(route)} lines"
        for source, route in routes()
        if body_length(route) > ROUTER_BODY_LINES
    ]
    assert not long, "\n".join(long)


def routes() -> Iterator[tuple[Source, Function]]:
    """Functions that answer a path."""
    for source in sources("libs/*/src", "services/*/src"):
        for function in source.functions():
            if any(map(is_route, function.decorator_list)):
                yield source, function


def is_route(decorator: ast.expr) -> bool:
    """`@router.post(...)` and its like."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return (
        isinstance(called, ast.Attribute)
        and called.attr in ROUTE_METHODS
        and isinstance(called.value, ast.Name)
        and called.value.id.endswith("router")
    )


def test_routes_and_dependencies_are_coroutines():
    """A plain `def` would run in a thread: slow, and outside the request's context."""
    plain = [source.at(route) for source, route in routes() if isinstance(route, ast.FunctionDef)]
    for source in sources("libs/*/src", "services/*/src"):
        own = {function.name: function for function in source.functions()}
        for depended in depended_names(source):
            function = own.get(depended)
            if isinstance(function, ast.FunctionDef):
                plain.append(f"{source.at(function)} {function.name}")
    assert not plain, "\n".join(plain)


def depended_names(source: Source) -> Iterator[str]:
    """Names given to `Depends(...)` or `Security(...)`."""
    for call in calls(source):
        if isinstance(call.func, ast.Name) and call.func.id in {"Depends", "Security"}:
            yield from (one.id for one in call.args if isinstance(one, ast.Name))


def calls(source: Source) -> Iterator[ast.Call]:
    """Every call in a file."""
    return (node for node in ast.walk(source.tree) if isinstance(node, ast.Call))


def test_only_the_chassis_commits():
    """Decision 0009: one request is one transaction, committed at the edge."""
    committing = [
        source.at(call)
        for source in sources("services/*/src")
        for call in calls(source)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "commit"
        and not is_kafka_commit(source)
    ]
    assert not committing, "\n".join(committing)


def is_kafka_commit(source: Source) -> bool:
    """The bridge commits consumer offsets, which is no transaction."""
    return source.name == "services/sync-bridge/src/sync_bridge/sources/kafka.py"


@pytest.mark.parametrize("word", ["BaseHTTPMiddleware", 'relationship(lazy="select"'])
def test_what_is_slow_or_hidden_is_not_written(word):
    assert [source.name for source in code() if word in source.text] == []


def test_no_file_has_a_name_that_says_nothing():
    assert [one.name for one in (*code(), *files_of_tests()) if one.path.stem in BANNED_NAMES] == []
    folders = {part for one in code() for part in one.path.parts}
    assert folders & BANNED_NAMES == set()


def test_nothing_is_left_for_later():
    marks = ("TO" + "DO", "FIX" + "ME", "XX" + "X")
    left = [
        f"{source.name}:{number}"
        for source in (*code(), *files_of_tests())
        for number, line in enumerate(source.text.splitlines(), start=1)
        if any(mark in line for mark in marks)
    ]
    assert not left, "\n".join(left)


def test_modules_classes_and_functions_say_what_they_promise():
    """Style 21: a docstring promises; a public name without one promises nothing."""
    silent = [
        source.name for source in code() if source.text and not ast.get_docstring(source.tree)
    ]
    assert not silent, "\n".join(silent)


def test_tests_and_code_are_in_proportion(capsys):
    """House section 6: 1.0 to 1.5 lines of test for each line of code; told, not enforced."""
    written = sum(source.lines for source in sources("libs/*/src", "services/*/src"))
    tested = sum(source.lines for source in files_of_tests())
    with capsys.disabled():
        print(f"\n[tests : code = {tested} : {written} = {tested / written:.2f}]")  # noqa: T201  told to the person who runs it
    assert tested > 0
