"""Settings that stand in files, so that no secret stands in the environment."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import AliasChoices
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

__all__ = ["VARIABLES", "SecretFiles", "names_of", "secret_files"]

VARIABLES: Mapping[str, str] = os.environ
"""What settings are read from."""

CERTIFICATES = ("ca_file", "certificate_file")


class SecretFiles(PydanticBaseSettingsSource):
    """Reads `<PREFIX><NAME>_FILE`: a path whose stripped content is the setting's value."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Value, key and whether it is complex, as the settings library asks for it."""
        for name in names_of(self.settings_cls, field, field_name):
            path = VARIABLES.get(f"{name}_FILE")
            if path:
                return Path(path).read_text(encoding="utf-8").strip(), field_name, False
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Every setting that a file gives."""
        found = {
            name: self.get_field_value(field, name)[0]
            for name, field in self.settings_cls.model_fields.items()
            if not name.endswith("_file")
        }
        return {self._key(name): value for name, value in found.items() if value is not None}

    def _key(self, name: str) -> str:
        alias = self.settings_cls.model_fields[name].validation_alias
        return str(alias.choices[0]) if isinstance(alias, AliasChoices) else name


def secret_files(settings: type[BaseSettings]) -> dict[str, Path]:
    """The files that the environment names for settings, by the variables that do.

    Certificates are none: they are shown to everybody.
    """
    names = [
        name if field_name.endswith("_file") else f"{name}_FILE"
        for field_name, field in settings.model_fields.items()
        if not field_name.endswith(CERTIFICATES)
        for name in names_of(settings, field, field_name)
    ]
    return {name: Path(path) for name in names if (path := VARIABLES.get(name))}


def names_of(settings: type[BaseSettings], field: FieldInfo, field_name: str) -> list[str]:
    """The variables that a setting is read from."""
    prefix = str(settings.model_config.get("env_prefix", ""))
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        return [str(choice) for choice in alias.choices]
    return [f"{prefix}{field_name}".upper()]
