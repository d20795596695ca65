"""Query filters that all lists of decisions share."""

from datetime import datetime

from pydantic import BaseModel, Field

from authz.history.history_rows import RowQuery
from authz.http.paging import OLDER_DESCRIBED, WANTED_TIME, microseconds
from authz.http.sight import Sight
from tokenvault.vocabulary.identifiers import Prefix, to_number


class DecisionFilters(BaseModel):
    """A page of decisions, the newest first. What a list adds is named after a column, too."""

    account_id: str | None = Field(None, description="Only of this account.", examples=["acct_06R8C3N5VZQ4T"])
    card_id: str | None = Field(None, description="Only of this card.", examples=["card_0J9ZP2M7K4B1X"])
    token_id: str | None = Field(None, description="Only of this token.", examples=["tok_05F1V9D8S3KYA"])
    exception: str | None = Field(None, description="Only with this exception.", examples=["beyond_remainder"])
    merchant: str | None = Field(None, description="Only of this card acceptor (DE 42).", examples=["CAFE00000000001"])
    from_: datetime | None = Field(
        None, alias="from", description="Not before this RFC 3339 time.", examples=["2026-11-24T00:00:00Z"]
    )
    to: datetime | None = Field(None, description="Before this RFC 3339 time.", examples=["2026-11-25T00:00:00Z"])
    as_of: datetime | None = Field(None, description=WANTED_TIME, examples=["2026-11-24T10:15:00Z"])
    limit: int = Field(20, ge=1, le=100, description="Maximum number of entries per page.", examples=[20])
    starting_after: str | None = Field(None, description=OLDER_DESCRIBED, examples=["auth_000000000001A"])

    def wanted(self, sight: Sight, present: tuple[str, ...] = ()) -> RowQuery:
        """The same as the history takes it, of what the caller sees. present: columns that must not be empty.

        Raises: NotFound, for an identifier that is none.
        """
        equal: dict[str, object] = self.model_dump(exclude_none=True, exclude=_OF_THE_PAGE)
        for name, prefix in _PREFIXES.items():
            if name in equal:
                equal[name] = to_number(prefix, str(equal[name]))
        if equal.keys() & _OF_THE_FUNDING_SIDE:
            equal |= sight.own_rows  # a network learns by no filter whose its decisions are
        before = (to_number(Prefix.AUTHORIZATION, self.starting_after),) if self.starting_after else None
        times = microseconds(self.from_), microseconds(self.to)
        return RowQuery(equal, *times, before, self.limit, sight.whose_decisions, present)


_OF_THE_PAGE = {"from_", "to", "as_of", "limit", "starting_after"}
_OF_THE_FUNDING_SIDE = {"account_id", "card_id"}
_PREFIXES = {"account_id": Prefix.ACCOUNT, "card_id": Prefix.CARD, "token_id": Prefix.TOKEN}
