"""The merchant's name and city, as decisions and transactions show them."""

from typing import Annotated

from pydantic import Field

MerchantName = Annotated[
    str,
    Field(
        description="DE 43, the card acceptor's name; empty where the message has none.", examples=["TAPWRIGHT CAFE"]
    ),
]
MerchantCity = Annotated[
    str, Field(description="DE 43, the card acceptor's city; empty where the message has none.", examples=["BERLIN"])
]
