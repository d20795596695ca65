"""The names of a journal's segments: the first command of each, so that their order is that of their names."""

_SUFFIX = ".journal"


def is_segment(name: str) -> bool:
    """Whether this is the name of a segment."""
    return name.endswith(_SUFFIX)


def name_of_segment(first: int) -> str:
    """The name of the segment that begins with a command."""
    return f"{first:020d}{_SUFFIX}"


def first_of_segment(name: str) -> int:
    """The first command of a segment."""
    return int(name.removesuffix(_SUFFIX))
