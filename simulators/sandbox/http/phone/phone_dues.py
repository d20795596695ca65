"""``/v1/tokens/{id}/payments``, ``/plans`` and others: what holders of a phone do about their bill by themselves.

Each call is the issuer's call on the account behind the token, with the device's proof in place of the issuer's key.
"""

from fastapi import APIRouter

from authz.http.agreements import plans, relief
from authz.http.agreements.plan_views import PlanEnded, PlanView
from authz.http.books import payments
from authz.http.rights import units
from authz.http.surroundings import EngineDependency, ProjectionDependency
from simulators.sandbox.http.phone.holding import AgreeingDependency, LookingDependency
from tokenvault.callers.caller import Scope
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import requires

router = APIRouter(
    prefix="/v1/tokens",
    tags=["tokens"],
    dependencies=[requires(Scope.WALLET)],
    responses=problem.responses(404, 409),
)


@router.post("/{token_id}/payments", status_code=201)
async def pay_by_phone(
    engine: EngineDependency, holding: LookingDependency, body: payments.PaymentRequest
) -> payments.PaymentEffect:
    """Pay what the account owes, or a part of it. Signed by the token's device (DPoP); the token is active or
    suspended. Scope: wallet.
    """
    return await payments.receive_payment(engine, holding.sight, holding.account_id, body)


@router.post("/{token_id}/plans", status_code=201)
async def split_by_phone(
    engine: EngineDependency, projection: ProjectionDependency, holding: AgreeingDependency, body: plans.PlanRequest
) -> PlanView:
    """Have a purchase of the account, or what is left of its last statement, paid in instalments. Signed by the
    token's device (DPoP); the token is active. Scope: wallet.
    """
    return await plans.start_plan(engine, projection, holding.sight, holding.account_id, body)


@router.post("/{token_id}/plans/{plan_id}/end")
async def end_plan_by_phone(engine: EngineDependency, holding: AgreeingDependency, plan_id: plans.PlanId) -> PlanEnded:
    """End a plan of the account early: all that is left of it is billed at once, with a fee. Signed by the token's
    device (DPoP); the token is active. Scope: wallet.
    """
    return await plans.end_plan(engine, holding.sight, plan_id)


@router.post("/{token_id}/relief", status_code=201)
async def relieve_by_phone(
    engine: EngineDependency, holding: AgreeingDependency, body: relief.ReliefRequest
) -> relief.ReliefView:
    """Put off what is due, by what the terms of the product allow. Signed by the token's device (DPoP); the token is
    active. Scope: wallet.
    """
    return await relief.relieve_account(engine, holding.sight, holding.account_id, body)


@router.post("/{token_id}/redemptions", status_code=201)
async def redeem_by_phone(
    engine: EngineDependency, holding: AgreeingDependency, body: units.RedeemRequest
) -> units.Redemption:
    """Exchange units of the account for money, at their price; it pays what a payment pays. Signed by the token's
    device (DPoP); the token is active. Scope: wallet.
    """
    return await units.redeem_units(engine, holding.sight, holding.account_id, body)
