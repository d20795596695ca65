"""``/v1/offers``: what the program in force gives for purchases, and how often it has."""

from typing import Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from authz.http.surroundings import EngineDependency
from authz.program.offers import Offer

router = APIRouter(prefix="/v1/offers", tags=["rights"])
SCOPES = ("issuer", "sandbox")
STATUSES = ()


class OfferView(Offer):
    """An offer."""

    granted: int = Field(
        description="To how many purchases it was given, under whatever program; also where it was taken back.",
        examples=[2],
    )
    left: int | None = Field(
        description="To how many more it can be given; null where there is no `supply`.", examples=[6_999_998]
    )

    @classmethod
    def of(cls, offer: Offer, granted: int) -> Self:
        """Show an offer."""
        left = None if offer.supply is None else max(offer.supply - granted, 0)
        return cls(**offer.model_dump(), granted=granted, left=left)


class OfferList(BaseModel):
    """The offers."""

    data: list[OfferView] = Field(description="In the order in which they are given.", examples=[[]])


@router.get("")
async def list_offers(engine: EngineDependency) -> OfferList:
    """List the offers of the program in force. Scope: issuer or sandbox."""
    granted = engine.state.granted
    return OfferList(data=[OfferView.of(offer, int(granted[offer.number])) for offer in engine.document.offers])
