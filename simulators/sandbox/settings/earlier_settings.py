"""Settings by the names that they had until version 0.1: in flags, environment and file they work, with a warning."""

import os
from collections.abc import Mapping
from typing import Any

from pydantic_settings import InitSettingsSource, PydanticBaseSettingsSource, TomlConfigSettingsSource

from simulators.compatibility.earlier_names import warn_of_earlier_name
from simulators.sandbox.settings.misspelt_variables import PREFIX

EARLIER_SETTINGS = {
    "issuer_server_url": "realtime_decisioning_url",
    "issuer_server_secret": "realtime_decisioning_secret",
    "issuer_server_deadline_seconds": "realtime_decisioning_deadline_seconds",
    "issuer_server_default": "realtime_decisioning_default",
    "look_alikes": "vendor_apis",
    "look_alike_notify_url": "vendor_apis_notify_url",
}
"""Each earlier name, and the setting's name now."""

EARLIER_LISTENER_KEYS = {
    "line_key": "key_encryption_key",
    "acquirer_line_keys": "acquirer_key_encryption_keys",
}
"""The same for the keys of an entry of `iso_listeners`."""


def earlier_variables() -> dict[str, str]:
    """The environment's values of settings by their earlier names; pydantic reads only the fields that there are."""
    names = {f"{PREFIX}{name}".upper(): name for name in EARLIER_SETTINGS}
    return {names[variable.upper()]: value for variable, value in os.environ.items() if variable.upper() in names}


def by_names_of_now(
    values: Mapping[str, Any], names: Mapping[str, str] = EARLIER_SETTINGS, place: str = "settings: "
) -> dict[str, Any]:
    """The values of one source, or of one table in it, each by its setting's name now.

    names: the earlier names and those of now.  place: what an error begins with, empty where pydantic adds the place.
    Raises: ValueError for a setting that the source has by both names.
    """
    named = dict(values)
    for earlier, now in names.items():
        if earlier not in named:
            continue
        if now in named:
            raise ValueError(f"{place}{earlier} is the earlier name of {now}, and both are set; remove {earlier}")
        named[now] = named.pop(earlier)
        warn_of_earlier_name(f"the setting {earlier}", now)
    return named


def source_by_names_of_now(
    source: PydanticBaseSettingsSource, more: Mapping[str, Any] | None = None
) -> PydanticBaseSettingsSource:
    """A source of settings by their names now, so that flags override variables and those the file by any name.

    more: values that the source itself does not see.  Raises: ValueError, see `by_names_of_now`.
    """
    return InitSettingsSource(source.settings_cls, by_names_of_now({**source(), **(more or {})}))


class FileByNamesOfNow(TomlConfigSettingsSource):
    """The configuration file, by names of now as well."""

    def __call__(self) -> dict[str, Any]:
        """All that it sets.  Raises: ValueError, see `by_names_of_now`."""
        return by_names_of_now(super().__call__())
