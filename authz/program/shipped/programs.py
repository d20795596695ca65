"""Programs that are included, by name: whole documents to start from, and to change."""

from importlib.resources import files

from tokenvault.vocabulary.errors import NotFound

_SUFFIX = ".json"
_FOLDER = files("authz.program.shipped")


def shipped_names() -> list[str]:
    """Their names, in alphabetical order."""
    return sorted(each.name.removesuffix(_SUFFIX) for each in _FOLDER.iterdir() if each.name.endswith(_SUFFIX))


def shipped_text(name: str) -> str:
    """The document of this name as JSON. Raises: NotFound."""
    if name not in shipped_names():
        raise NotFound(f"there is no program {name!r}; included are {', '.join(shipped_names())}")
    return _FOLDER.joinpath(f"{name}{_SUFFIX}").read_text()
