"""The names of posting kinds as the API documents and accepts them: one for each row of `PostingKind`."""

from typing import TYPE_CHECKING, Literal, TypeAlias

from authz.vocabulary.posting_kinds import PostingKind

if TYPE_CHECKING:
    PostingKindName: TypeAlias = str
else:
    PostingKindName = Literal[tuple(kind.code for kind in PostingKind)]

POSTING_KINDS_DESCRIBED = " ".join(f"`{kind.code}`: {kind.description}" for kind in PostingKind)
"""What each kind is, for the description of a field."""
