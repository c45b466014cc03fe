"""Every contract file of the services, as text by path."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from chassis.api.app import create_app
from chassis.api.asyncapi import asyncapi_document
from chassis.api.schemas import schemas_of
from chassis.service import Service
from contracts.generator.catalogue import problems_page, settings_page

__all__ = ["contracts_of", "openapi_of", "write"]

Files = dict[str, str]


def contracts_of(services: Mapping[str, Service]) -> Files:
    """All generated files: path from the root of the working tree -> content."""
    everyone = list(services.values())
    files: Files = {
        "contracts/problems.md": problems_page(everyone),
        "docs/operations/settings.md": settings_page(everyone),
    }
    for name, service in services.items():
        files[f"contracts/openapi/{name}.json"] = _json(openapi_of(service))
        files[f"contracts/asyncapi/{name}.yaml"] = _yaml(
            asyncapi_document(service, service.settings.model_construct())
        )
        files |= dict(_events(service))
    return files


def openapi_of(service: Service) -> dict[str, Any]:
    """The OpenAPI document, whatever this process's environment says."""
    return create_app(service, service.settings.model_construct()).openapi()


def _events(service: Service) -> Iterator[tuple[str, str]]:
    """Each schema without the service in its file's name: the folder says it."""
    for name, schema in schemas_of(service).items():
        yield (
            f"contracts/events/{service.name}/{name.removeprefix(f'{service.name}.')}",
            _json(schema),
        )


def write(root: Path, files: Files) -> list[str]:
    """Write what differs, remove event schemas that nothing publishes; the paths touched."""
    touched = []
    for path, content in files.items():
        target = root / path
        if not target.exists() or target.read_text("utf-8") != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8")
            touched.append(path)
    return touched


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _yaml(document: Mapping[str, Any]) -> str:
    return yaml.dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=100)


class _Plain(yaml.SafeDumper):
    """Writes repeated parts out in full: a reader should not have to follow anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  the dumper asks for each value
        """Never an anchor."""
        return True


def _text(dumper: _Plain, text: str) -> yaml.ScalarNode:
    """Texts of several lines stand as they are."""
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Plain.add_representer(str, _text)
