"""Dependencies of the phone's routers: the account behind the token, and a sight that shows this account only."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from authz.http.sight import Sight
from tokenvault.http.fields.fields import TokenId
from tokenvault.http.protocol.access import DeviceProof, VaultDependency
from tokenvault.tokens.account_access import PhoneToken, agree_with, look_with
from tokenvault.vocabulary.identifiers import Prefix, to_text


@dataclass(frozen=True)
class Holding:
    """The token of the phone that made a call, with its card, and what of the engine this phone sees."""

    phone: PhoneToken
    sight: Sight

    @property
    def account_id(self) -> str:
        """The account's identifier."""
        return to_text(Prefix.ACCOUNT, self.phone.card.account_id)

    @classmethod
    def of(cls, phone: PhoneToken) -> "Holding":
        """By its token."""
        return cls(phone, Sight(lambda _account: None, account=phone.card.account_id))


def looking(vault: VaultDependency, proven: DeviceProof, token_id: TokenId) -> Holding:
    """For whoever looks at the account, or pays its bill. Raises: as `look_with`."""
    return Holding.of(look_with(vault, proven, token_id))


def agreeing(vault: VaultDependency, proven: DeviceProof, token_id: TokenId) -> Holding:
    """For whoever agrees on something new. Raises: as `agree_with`."""
    return Holding.of(agree_with(vault, proven, token_id))


LookingDependency = Annotated[Holding, Depends(looking)]
AgreeingDependency = Annotated[Holding, Depends(agreeing)]
