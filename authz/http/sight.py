"""Which decisions and accounts a caller may see; the application that serves the routers identifies the caller."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request

from tokenvault.vocabulary.errors import NotFound
from tokenvault.vocabulary.identifiers import Prefix, to_number

IssuerOf = Callable[[int], str | None]
"""The tenant that owns an account, by its number; None where there is no such account."""


@dataclass(frozen=True)
class Sight:
    """What a caller may see. everything: the operator.  issuer: the tenant whose accounts are visible.

    all_decisions: a network, which sees every decision but no account.
    account: the only account that is visible, by its number: that behind a phone's token.
    """

    issuer_of: IssuerOf
    everything: bool = False
    issuer: str | None = None
    all_decisions: bool = False
    account: int | None = None

    def sees_account(self, account_id: int | None) -> bool:
        """Whether an account may be seen. None is the account of an unknown token, which every issuer may see."""
        if self.account is not None:
            return account_id == self.account
        if self.everything or self.issuer is None:
            return self.everything
        return account_id is None or self.issuer_of(account_id) == self.issuer

    def sees_decision(self, account_id: int | None) -> bool:
        """Whether a decision about an account may be seen, if only from the merchant's side."""
        return self.all_decisions or self.sees_account(account_id)

    @property
    def whose_decisions(self) -> str | None:
        """The issuer to whose decisions, and those without an account, a list is restricted; None for all decisions."""
        return None if self.everything or self.all_decisions else self.issuer

    @property
    def own_rows(self) -> dict[str, object]:
        """The columns by which postings are restricted to the caller's accounts."""
        if self.account is not None:
            return {"account_id": self.account}
        return {} if self.everything else {"issuer": self.issuer}


async def current_sight(request: Request) -> Sight:
    """What the caller may see, as the serving application determines it."""
    sight: Sight = request.app.state.sight()
    return sight


SightDependency = Annotated[Sight, Depends(current_sight)]

AccountId = Annotated[str, Path(description="Identifier of an account.", examples=["acct_06R8C3N5VZQ4T"])]


def seen_account(sight: Sight, account_id: str) -> int:
    """The number of an account that the caller may see. Call it in a thread: it may ask a database. Raises: NotFound.

    Whether there is such an account is known for issuers only; the operator may see what the engine does not know.
    """
    number = to_number(Prefix.ACCOUNT, account_id)
    if not sight.sees_account(number):
        raise NotFound(f"there is no account {account_id}")
    return number
