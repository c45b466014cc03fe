"""The whole command line of a service."""

from importlib.metadata import entry_points
from typing import Any

import orjson
import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from chassis.api.app import create_app
from chassis.cli.console import AsJson, command, say, show_table
from chassis.cli.consumers import add_consumers
from chassis.cli.doctor import add_doctor
from chassis.cli.history import add_history
from chassis.cli.operating import add_operating
from chassis.service import Service
from chassis.settings import ServiceSettings

__all__ = ["COMMANDS", "effective_settings", "make_cli"]

COMMANDS = "tandem.commands"
"""Entry points of this group are functions that add commands to a service's command line."""


def make_cli(service: Service) -> typer.Typer:
    """The command line: `serve`, `worker`, `migrate`, `users`, `keys` ...

    Those of its modules and its own come after those that every service has, and last those of
    other distributions that are installed beside it, such as `import` (decision 0066).
    """
    cli = typer.Typer(
        name=service.name,
        help=f"{service.title} {service.version}. Exit codes: 0 done, 1 failed, 2 unusable.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    add_operating(cli, service)
    add_history(cli, service)
    add_consumers(cli, service)
    add_doctor(cli, service)
    _add_describing(cli, service)
    for module in service.modules:
        for add in module.commands:
            add(cli, service)
    if service.commands is not None:
        cli.add_typer(service.commands)
    for installed in entry_points(group=COMMANDS):
        installed.load()(cli, service)
    return cli


def _add_describing(cli: typer.Typer, service: Service) -> None:
    @cli.command()
    @command
    def settings(as_json: AsJson = False) -> None:
        """Show every setting with its value and source; secrets are blacked out."""
        found = effective_settings(service.settings())
        show_table(found, ("variable", "value", "source"), as_json=as_json)

    @cli.command()
    @command
    def openapi() -> None:
        """Print the OpenAPI document of the API."""
        document = create_app(service, service.settings()).openapi()
        say(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def effective_settings(settings: ServiceSettings) -> list[dict[str, Any]]:
    """Each setting: its environment variable, its value, whether it is set, what it does."""
    prefix = str(type(settings).model_config.get("env_prefix", ""))
    return [
        {
            "variable": _variable(name, field, prefix),
            "value": _shown(getattr(settings, name)),
            "source": "set" if name in settings.model_fields_set else "default",
            "description": field.description,
        }
        for name, field in type(settings).model_fields.items()
    ]


def _variable(name: str, field: FieldInfo, prefix: str) -> str:
    alias = field.validation_alias
    choices = getattr(alias, "choices", None)
    return str(choices[0]) if choices else f"{prefix}{name}".upper()


def _shown(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return "***"
    return value if value is None or isinstance(value, bool | int | float) else str(value)
