"""An approval: account, card and what puts the card into a phone, in the transaction of the decision."""

from dataclasses import dataclass

import sqlalchemy as sa

from tokenvault.cards.accounts import open_account_in
from tokenvault.cards.cards import issue_card_in
from tokenvault.customers.applications import Application, ApplicationState, Decider, move
from tokenvault.customers.customers import customer_numbered
from tokenvault.provisioning.push_provisioning import PushPayload, make_payload_in
from tokenvault.vault import Vault


@dataclass(frozen=True)
class Decided:
    """An application as it is after a decision. payload: of an approval; puts the card into a phone, once."""

    application: Application
    payload: PushPayload | None = None


def approve(vault: Vault, connection: sa.Connection, application: Application, decider: Decider) -> Decided:
    """Open the account of an application with its credit limit, and issue the card. Raises: FieldError; Conflict."""
    assert application.credit_limit_minor is not None, "what can be approved has a limit"
    customer = customer_numbered(connection, application.customer_id)
    account = open_account_in(
        vault,
        connection,
        currency=application.currency,
        credit_limit_minor=application.credit_limit_minor,
        transaction_limit_minor=None,
        segment=None,
        life_stage=customer.life_stage,
        product=application.product,
        cut_day=application.cut_day,
        tenant=customer.tenant,
    )
    card = issue_card_in(vault, connection, account.id, {})
    approved = move(
        vault,
        connection,
        application,
        ApplicationState.APPROVED,
        decided_by=decider,
        decided_at=vault.now(),
        account_id=account.id,
        card_id=card.id,
    )
    return Decided(approved, make_payload_in(vault, connection, card))
