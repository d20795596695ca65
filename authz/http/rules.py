"""``/v1/rules``: single rules of the program, and their back-tests."""

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from authz.engine import Engine
from authz.history.backtest import Backtest, backtest
from authz.http.surroundings import EngineDependency, HistoryDependency
from authz.program.compilation import active_rules
from authz.program.document import Rule
from authz.program.rules.changes import find_rule, with_new_rule, with_rule, without_rule
from authz.upkeep.program_switch import switch_program
from authz.vocabulary.labels import currency_code
from tokenvault.vocabulary.errors import FieldError
from tokenvault.vocabulary.identifiers import Prefix, to_text

router = APIRouter(prefix="/v1/rules", tags=["rules"])
SCOPES = ("sandbox",)
STATUSES = (404, 409)

RuleId = Annotated[str, Path(description="A rule's own name.", examples=["night-atm"])]


class RuleView(Rule):
    """A rule, and what it has done since the program was switched the last time."""

    matches: int = Field(description="How often the rule has matched.", examples=[12])
    program_version: int = Field(description="The program that it is part of.", examples=[3])

    @classmethod
    def of(cls, engine: Engine, rule: Rule) -> "RuleView":
        """Show a rule."""
        places = [each.id for each in active_rules(engine.document)]
        matches = int(engine.state.matches[places.index(rule.id)]) if rule.id in places else 0
        values = {name: getattr(rule, name) for name in Rule.model_fields}
        return cls.model_construct(**values, matches=matches, program_version=engine.program_version)


class RuleList(BaseModel):
    """All rules, in the order in which they are asked."""

    data: list[RuleView] = Field(description="The rules.", examples=[[]])
    has_more: bool = Field(default=False, description="Always false, because the list is complete.", examples=[False])


class ChangeView(BaseModel):
    """Decisions that would have come out otherwise, by what they were and what they would have been."""

    before: str = Field(description="`approved` or the reason as it was.", examples=["approved"])
    after: str = Field(description="With the rule.", examples=["suspected_fraud"])
    count: int = Field(description="How many.", examples=[17])


class ExampleView(BaseModel):
    """One decision that would have come out otherwise."""

    authorization_id: str = Field(description="Identifier of the decision.", examples=["auth_000000000001A"])
    decided_at: datetime = Field(description="RFC 3339 time in UTC.", examples=["2026-11-24T10:15:00Z"])
    account_id: str | None = Field(description="The account.", examples=["acct_06R8C3N5VZQ4T"])
    amount: int = Field(description="Amount in minor units of `currency`.", examples=[125000])
    currency: str = Field(description="ISO 4217 code.", examples=["EUR"])
    before: str = Field(description="The reason as it was.", examples=["approved"])
    after: str = Field(description="The reason with the rule.", examples=["suspected_fraud"])


class BacktestView(BaseModel):
    """What a rule would have done, had it been live from the beginning of the journal."""

    rule_id: str = Field(description="The rule.", examples=["night-atm"])
    decisions: int = Field(description="Decisions that were replayed.", examples=[120000])
    matches: int = Field(description="How often the rule would have matched.", examples=[25])
    changed: int = Field(description="Number of decisions that would have been different.", examples=[17])
    changes: list[ChangeView] = Field(description="These decisions by kind of change.", examples=[[]])
    declined_amounts: dict[str, int] = Field(
        description="Approved amounts that would have been declined, minor units by account currency.",
        examples=[{"EUR": 250000}],
    )
    examples: list[ExampleView] = Field(description="The first hundred of these decisions.", examples=[[]])

    @classmethod
    def of(cls, rule_id: str, found: Backtest) -> "BacktestView":
        """Show a back-test."""
        return cls(
            rule_id=rule_id,
            decisions=found.decisions,
            matches=found.matches,
            changed=sum(found.changes.values()),
            changes=[
                ChangeView(before=was.code, after=would.code, count=count)
                for (was, would), count in found.changes.most_common()
            ],
            declined_amounts={currency_code(number): total for number, total in found.declined_billing_minor.items()},
            examples=[
                ExampleView(
                    authorization_id=to_text(Prefix.AUTHORIZATION, each.sequence),
                    decided_at=datetime.fromtimestamp(each.time_us / 1e6, UTC),
                    account_id=to_text(Prefix.ACCOUNT, each.account_id) if each.account_id else None,
                    amount=each.amount_minor,
                    currency=currency_code(each.currency),
                    before=each.before.code,
                    after=each.after.code,
                )
                for each in found.examples
            ],
        )


@router.get("", response_model_by_alias=True)
async def list_rules(engine: EngineDependency) -> RuleList:
    """List all rules in the order in which they are evaluated. Scope: sandbox."""
    return RuleList(data=[RuleView.of(engine, rule) for rule in engine.document.rules])


@router.post("", status_code=201, response_model_by_alias=True)
async def add_rule(engine: EngineDependency, body: Rule) -> RuleView:
    """Add a rule, which is evaluated after all others. Scope: sandbox."""
    await switch_program(engine, lambda document: with_new_rule(document, body))
    return RuleView.of(engine, body)


@router.get("/{rule_id}", response_model_by_alias=True)
async def read_rule(engine: EngineDependency, rule_id: RuleId) -> RuleView:
    """Read a rule and how often it has matched. Scope: sandbox."""
    return RuleView.of(engine, find_rule(engine.document, rule_id))


@router.put("/{rule_id}", response_model_by_alias=True)
async def replace_rule(engine: EngineDependency, rule_id: RuleId, body: Rule) -> RuleView:
    """Replace a rule in its place, or add it: draft, shadow or live. Scope: sandbox."""
    if body.id != rule_id:
        raise FieldError("id", "is not the identifier in the path")
    await switch_program(engine, lambda document: with_rule(document, body))
    return RuleView.of(engine, body)


@router.delete("/{rule_id}", status_code=204)
async def remove_rule(engine: EngineDependency, rule_id: RuleId) -> None:
    """Remove a rule from the program. Scope: sandbox."""
    await switch_program(engine, lambda document: without_rule(document, rule_id))


@router.post("/{rule_id}/backtest")
async def backtest_rule(engine: EngineDependency, history: HistoryDependency, rule_id: RuleId) -> BacktestView:
    """Replay the journal with the rule live and report what it would have changed. Scope: sandbox."""
    rule = find_rule(engine.document, rule_id)
    await engine.settled()
    found = await asyncio.to_thread(
        partial(backtest, history, rule, until=engine.durable_sequence, scenes=engine.document.scenes)
    )
    return BacktestView.of(rule_id, found)
