"""Settings that stand in files, so that no secret stands in the environment."""

import os
from pathlib import Path
from typing import Any

from pydantic import AliasChoices
from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

__all__ = ["SecretFiles"]


class SecretFiles(PydanticBaseSettingsSource):
    """Reads `<PREFIX><NAME>_FILE`: a path whose stripped content is the setting's value."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Value, key and whether it is complex, as the settings library asks for it."""
        for name in self._names(field, field_name):
            path = os.environ.get(f"{name}_FILE")
            if path:
                return Path(path).read_text(encoding="utf-8").strip(), field_name, False
        return None, field_name, False

    def _names(self, field: FieldInfo, field_name: str) -> list[str]:
        prefix = str(self.config.get("env_prefix", ""))
        alias = field.validation_alias
        if isinstance(alias, AliasChoices):
            return [str(choice) for choice in alias.choices]
        return [f"{prefix}{field_name}".upper()]

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
