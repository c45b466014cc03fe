"""Lists for people: every problem and every setting, with what they mean."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import AliasChoices, SecretStr
from pydantic.fields import FieldInfo

import approvals
import identity
import records
from chassis.problems.problem import Problem
from chassis.service import Service
from chassis.settings import ServiceSettings
from chassis.texts import Texts

__all__ = ["problem_types", "problems_page", "settings_page", "variables"]

PROBLEMS = """# Problems

Every refusal is an RFC 9457 document (`application/problem+json`). Act on `code`: its meaning
never changes. `title` and `detail` come in the caller's language (`Accept-Language`); `facts` holds
what the detail speaks of, `errors` names wrong fields by JSON Pointer, `type` is `/problems/CODE`.

每一次拒绝都是一份 RFC 9457 文档。程序请依据 `code` 处理，它的含义不会改变；
`title` 与 `detail` 按调用者的语言返回。
"""

SETTINGS = """# Settings

Every setting is an environment variable and has a default that runs as it is. A setting marked
*secret* can be read from a file instead: add `_FILE` to its name and give the file's path. With
`TANDEM_ENV=production` unsafe defaults refuse to start.
"""


def problems_page(services: Sequence[Service]) -> str:
    """The catalogue of problem types, those of the chassis first."""
    texts = {root_of(one.settings): Texts.load([one.locale]) for one in services}
    texts |= {"chassis": Texts.load([]), "identity": Texts.load([identity.LOCALE])}
    texts |= {"records": Texts.load([records.LOCALE])}
    texts |= {"approvals": Texts.load([approvals.LOCALE])}
    owners = {"chassis": "Every service", "identity": "Callers of every service"}
    owners |= {"records": "Records of both halves"}
    owners |= {"approvals": "Approvals of both halves"}
    owners |= {root_of(one.settings): one.title for one in services}
    sections: dict[str, list[str]] = {title: [] for title in owners.values()}
    for problem in sorted(problem_types(), key=lambda one: one.code):
        title = owners.get(root_of(problem))
        if title is not None:
            sections[title].append(_problem(problem, texts[root_of(problem)]))
    lines = [PROBLEMS]
    for title, told in sections.items():
        lines += [f"## {title}\n", *told] if told else []
    return "\n".join(lines)


def problem_types(base: type[Problem] = Problem) -> Iterator[type[Problem]]:
    """Every problem type loaded. Two services may use one code, each for its own records."""
    for child in base.__subclasses__():
        yield child
        yield from problem_types(child)


def root_of(kind: type[Any]) -> str:
    """The distribution's package that a class belongs to."""
    return kind.__module__.partition(".")[0]


def _problem(problem: type[Problem], texts: Texts) -> str:
    when = " ".join((problem.__doc__ or "").split())
    chinese = f"{texts.text(problem.title, 'zh-CN')}：{texts.text(problem.detail, 'zh-CN')}"
    facts = f"- Facts: {problem.facts_text}.\n" if problem.facts_text else ""
    return (
        f"### {problem.code}\n\n"
        f"**{problem.status}** {problem.title}\n\n"
        f"- When: {when}\n"
        f"- What to do: {problem.detail}\n"
        f"{facts}"
        f"- 中文：{chinese}\n"
    )


def settings_page(services: Sequence[Service]) -> str:
    """Tables of settings: those that all services share by one name, then each service's own."""
    shared = {name: row for name, row in _rows(services[0]) if not _own(name, services[0])}
    parts = [SETTINGS, "## Shared by all services\n", _table(shared)]
    for service in services:
        own = {name: row for name, row in _rows(service) if name not in shared}
        parts += [f"\n## {service.title}\n", _table(own)]
    return "\n".join(parts)


def variables(settings: type[ServiceSettings]) -> dict[str, FieldInfo]:
    """The settings by the name of their environment variable."""
    prefix = str(settings.model_config.get("env_prefix", ""))
    found: dict[str, FieldInfo] = {}
    for name, field in settings.model_fields.items():
        alias = field.validation_alias
        if isinstance(alias, AliasChoices):
            found[str(alias.choices[0])] = field
        else:
            found[f"{prefix}{name}".upper()] = field
    return found


def _own(name: str, service: Service) -> bool:
    return name.startswith(str(service.settings.model_config.get("env_prefix", "")))


def _rows(service: Service) -> Iterator[tuple[str, str]]:
    for name, field in variables(service.settings).items():
        secret = " *secret*" if SecretStr in _kinds(field.annotation) else ""
        meaning = (field.description or "").replace("|", "\\|")
        yield name, f"| `{name}`{secret} | {_default(field)} | {meaning} |"


def _kinds(annotation: Any) -> tuple[Any, ...]:
    return (annotation, *getattr(annotation, "__args__", ()))


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    return "unset" if value is None else f"`{value}`"


def _table(rows: Mapping[str, str]) -> str:
    return "\n".join(["| Setting | Default | Meaning |", "| --- | --- | --- |", *rows.values(), ""])
