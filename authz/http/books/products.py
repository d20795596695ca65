"""``/v1/products``: the products that customers can apply for, with their terms."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from authz.http.surroundings import EngineDependency
from authz.program.terms import Product, Terms

router = APIRouter(prefix="/v1/products", tags=["applications"])
SCOPES = ("issuer", "wallet", "sandbox")
STATUSES = ()


class ProgramProductView(BaseModel):
    """A product of the program in force."""

    number: int = Field(description="The product's number, which accounts and applications refer to.", examples=[1])
    id: str = Field(description="Its name in the program.", examples=["phone_card"])
    terms: Terms = Field(description="Its terms; a segment may have other ones.", examples=[{"rate_ppm": 500}])

    @classmethod
    def of(cls, product: Product) -> "ProgramProductView":
        """Show a product."""
        return cls(number=product.number, id=product.id, terms=product.terms)


class ProductsView(BaseModel):
    """The products of the program in force, all at once."""

    data: list[ProgramProductView] = Field(description="Ordered by number.", examples=[[]])
    program_version: int = Field(description="The version of the program that they are of.", examples=[3])


@router.get("", response_model_by_alias=True)
async def list_products(engine: EngineDependency) -> ProductsView:
    """List the products of the program with their terms. Scope: issuer, wallet or sandbox."""
    products = sorted(engine.document.products, key=lambda product: product.number)
    return ProductsView(data=[ProgramProductView.of(each) for each in products], program_version=engine.program_version)
