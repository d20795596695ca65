"""Loads settings from flags, environment and file, or only from given values."""

import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from simulators.sandbox.settings.earlier_settings import source_by_names_of_now
from simulators.sandbox.settings.settings import CONFIGURATION_FILE, Settings

_JSON_EXAMPLE = """such as '{"a key": ["issuer"]}' or '["a.pem"]'"""


class _ScratchSettings(Settings):
    """What is given and the defaults; neither environment nor files."""

    model_config = SettingsConfigDict(toml_file=None, env_prefix="", extra="forbid")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Nothing but what is given."""
        return (source_by_names_of_now(init_settings),)


def scratch_settings(data_dir: Path, **more: Any) -> Settings:
    """Settings of a temporary server: free ports, only errors logged, and no values from the environment."""
    return _ScratchSettings(**{"data_dir": data_dir, "http_port": 0, "iso_port": 0, "log_level": "error", **more})


def load_settings(**flags: Any) -> Settings:
    """Settings with flags applied; a flag that is None was not given. Raises: ValueError naming what is wrong."""
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except SettingsError as error:
        # pydantic-settings tells the field only; what was written there may be a secret, and stays untold.
        field = re.search(r'field "(\w+)"', str(error))
        name = "" if field is None else field[1]
        what = f"TAPWRIGHT_{name.upper()} is not valid JSON: lists and tables in the environment are, {_JSON_EXAMPLE}"
        raise ValueError(f"setting {name}: {what}") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"settings: {CONFIGURATION_FILE} is not valid TOML: {error}") from None
