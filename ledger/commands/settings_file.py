"""settings.toml in a ledger's directory: what its operator wants otherwise than it starts."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from ledger.errors import SetupError
from ledger.settings import Settings

SETTINGS_FILE: Final = "settings.toml"


def read_settings(directory: Path) -> Settings:
    """Return the settings of a ledger's directory, as they start if it has no such file.

    Raises SetupError for a file that cannot be read, or says what there is no setting for.
    """
    path = directory / SETTINGS_FILE
    try:
        with path.open("rb") as stream:
            return _settings(tomllib.load(stream), path)
    except FileNotFoundError:
        return Settings()
    except (OSError, tomllib.TOMLDecodeError) as exc:
        raise SetupError(f"{path} cannot be read: {exc}") from exc


def _settings(found: dict[str, Any], path: Path) -> Settings:
    known = {each.name for each in fields(Settings)}
    for name, value in found.items():
        if name not in known:
            raise SetupError(f"{path}: there is no setting {name}")
        if type(value) is not int or value < 0:
            raise SetupError(f"{path}: {name} is a number of 0 or more")
    return Settings(**found)
