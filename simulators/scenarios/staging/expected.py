"""The values of a step that can be expected, each with its format."""

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from authz.kernel.checks.numbers import Check
from simulators.process.did_you_mean import did_you_mean
from simulators.scenarios.staging.cast import Part
from simulators.scenarios.staging.values import AmountText, SignedAmountText
from tokenvault.tokens.lifecycle import TokenState

CHECK_NAMES = frozenset({"none", "issuer_server", *(check.name.lower() for check in Check)})
_OF_THE_PROGRAM = re.compile(r"(limit|rule) [a-z0-9][a-z0-9_-]{0,63}")
_RESPONSE_CODE = re.compile(r"[0-9A-Z]{2}")
_TOKEN_STATES = ("none", *(str(state) for state in TokenState))


def _check_name(name: str) -> str:
    if name not in CHECK_NAMES and not _OF_THE_PROGRAM.fullmatch(name):
        mean = did_you_mean(name, CHECK_NAMES)
        raise ValueError(f"{name!r} is not a check, and not a 'limit ID' or 'rule ID' of the program{mean}")
    return name


def _response_code(code: str) -> str:
    if not _RESPONSE_CODE.fullmatch(code):
        hint = f'; did you mean "{code:0>2}"?' if code.isdecimal() and len(code) == 1 else ""
        raise ValueError(f'{code!r} is not a response code: two digits or capital letters, such as "05"{hint}')
    return code


def _token_state(state: str) -> str:
    if state not in _TOKEN_STATES:
        mean = did_you_mean(state, _TOKEN_STATES)
        raise ValueError(f"{state!r} is not one of {', '.join(_TOKEN_STATES)}{mean}")
    return state


def _day_text(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"{text!r} is not a date such as 2027-02-05") from None


CheckName = Annotated[str, AfterValidator(_check_name)]
ResponseCode = Annotated[str, AfterValidator(_response_code)]
DayText = Annotated[str, AfterValidator(_day_text)]
"""A date as the API writes it."""
State = Annotated[str, AfterValidator(_token_state)]


class Values(Part):
    """Of any step that calls the API: the HTTP status where it is refused."""

    status: int | None = Field(default=None, ge=400, le=599, description="HTTP status of a refusal.")


class PaymentValues(Part):
    """Of a payment."""

    response_code: ResponseCode | None = Field(default=None, description="DE 39.")
    approved_amount: AmountText | None = Field(default=None, description="How much was approved.")
    flagged: bool | None = Field(default=None, description="Whether a rule asks for a review.")
    failed_check: CheckName | None = Field(
        default=None, description="The check that failed, `limit ID`, `rule ID`, or `none`."
    )
    rules: list[str] | None = Field(default=None, description="The rules that matched.")


class NoValues(Part):
    """Of a step that has none."""


class RideValues(Part):
    """Of rides that were settled."""

    approved: int | None = Field(default=None, ge=0, description="How many were approved.")
    declined: int | None = Field(default=None, ge=0, description="How many were not.")
    denied: int | None = Field(default=None, ge=0, description="How many tokens are on the deny list.")


class ForwardValues(Part):
    """Of a terminal that sends what it has stored."""

    stored: int | None = Field(default=None, ge=0, description="How many messages are left.")


class TokenValues(Values):
    """Of a step about a token."""

    state: State | None = Field(default=None, description="The token's state.")


class DecisionValues(TokenValues):
    """Of a request for a token."""

    reasons: list[str] | None = Field(default=None, description="Why it was not approved at once.")


class TapsValues(Values):
    """Of a refill."""

    taps_left: int | None = Field(default=None, ge=0, description="How often its limited-use key still signs.")


class PhoneValues(TokenValues, TapsValues):
    """Of a look at a phone."""

    wants_refill: bool | None = Field(default=None, description="Whether its key is nearly used up.")


class BalanceValues(Values):
    """Of an account, amounts in major units."""

    posted: SignedAmountText | None = Field(default=None, description="What is owed.")
    held: SignedAmountText | None = Field(default=None, description="What is held for authorizations.")
    available: SignedAmountText | None = Field(default=None, description="What can be spent.")
    segment: int | None = Field(default=None, ge=0, le=255, description="The segment that it is in, 0 for none.")
    planned: AmountText | None = Field(default=None, description="What of it are instalments that are not billed yet.")
    minimum: AmountText | None = Field(default=None, description="What is left to pay of the last minimum.")
    due_day: DayText | None = Field(default=None, description="By when.")


class ApplicationValues(Values):
    """Of an application that was decided, amounts in major units."""

    reasons: list[str] | None = Field(default=None, description="Why it was declined, or is reviewed.")
    credit_limit: AmountText | None = Field(default=None, description="The limit that is granted, or proposed.")
    score: int | None = Field(default=None, description="The credit bureau's score.")
    decided_by: str | None = Field(default=None, description="`decision`, `desk` or `time`.")


class CaseValues(Values):
    """Of a case that was answered, amounts in major units."""

    queue: str | None = Field(default=None, description="The desk at which it waited.")
    amount: AmountText | None = Field(default=None, description="What was referred.")
    goes_first: bool | None = Field(default=None, description="Whether the account is in relief, and goes first.")


class VersionValues(Values):
    """Of a program that was put in force."""

    version: int | None = Field(default=None, ge=0, description="Its number.")


class AdviceValues(Values):
    """Of an issuer that goes or comes back."""

    stored: int | None = Field(default=None, ge=0, description="Answers of stand-in that it has not heard of.")
    forwarded: int | None = Field(default=None, ge=0, description="Those that it has just heard of.")


class ClosingValues(Values):
    """Of days that were closed."""

    days: int | None = Field(default=None, ge=1, description="How many days have ended.")
    statements: int | None = Field(default=None, ge=0, description="How many statements were cut.")
    postings: int | None = Field(default=None, ge=0, description="How many postings of interest and fees were made.")


class DisputeValues(Values):
    """Of a chargeback or representment."""

    kind: str | None = Field(default=None, description="The kind of posting.")


class BillValues(Values):
    """Of a bill that was paid, in major units."""

    paid: AmountText | None = Field(default=None, description="How much was paid.")
    posted: SignedAmountText | None = Field(default=None, description="What is owed afterwards.")
    available: SignedAmountText | None = Field(default=None, description="What can be spent afterwards.")


class StatementValues(Values):
    """Of a statement, in major units."""

    day: DayText | None = Field(default=None, description="The day on which it was cut.")
    opening: SignedAmountText | None = Field(default=None, description="What the statement before closed with.")
    closing: SignedAmountText | None = Field(default=None, description="What was owed.")
    minimum: AmountText | None = Field(default=None, description="What is to be paid at least.")
    due_day: DayText | None = Field(default=None, description="By when.")
    interest: AmountText | None = Field(default=None, description="The interest that was charged with it.")
    past_due: AmountText | None = Field(default=None, description="What of the minimum was due before.")
    missed: int | None = Field(default=None, ge=0, description="How many minimums in a row were missed.")
    lines: list[str] | None = Field(default=None, description="The kinds of its postings, in any order.")


class WaiverValues(Values):
    """Of interest or a fee that was waived, in major units."""

    given_back: AmountText | None = Field(default=None, description="How much was given back.")
    posted: SignedAmountText | None = Field(default=None, description="What is owed afterwards.")


class PlanValues(Values):
    """Of instalments that begin, in major units."""

    principal: AmountText | None = Field(default=None, description="How much is billed in instalments.")
    fee: AmountText | None = Field(default=None, description="The fee with each of them.")
    left: AmountText | None = Field(default=None, description="What of it is not billed yet.")
    segment: int | None = Field(default=None, ge=0, le=255, description="The segment that it is in, 0 for none.")
    planned: AmountText | None = Field(default=None, description="The same of all the account's instalments.")


class PlanEndValues(Values):
    """Of instalments that end early, in major units."""

    billed: AmountText | None = Field(default=None, description="What of them was left, and is billed now.")
    segment: int | None = Field(default=None, ge=0, le=255, description="The segment that it is in, 0 for none.")
    planned: AmountText | None = Field(default=None, description="What of others is not billed yet.")
    posted: SignedAmountText | None = Field(default=None, description="What is owed afterwards.")


class ReliefValues(Values):
    """Of a relief, in major units."""

    due_day: DayText | None = Field(default=None, description="The day by which something is due again.")
    minimum: AmountText | None = Field(default=None, description="What is due by then, as far as it is known now.")


class UnitValues(Values):
    """Of the units that an account holds."""

    held: int | None = Field(default=None, description="How many there are; below 0 where the account owes some.")


class RedemptionValues(UnitValues):
    """Of units that are redeemed, amounts in major units."""

    reward: AmountText | None = Field(default=None, description="What the account was paid for them.")
    posted: SignedAmountText | None = Field(default=None, description="What is owed afterwards.")


class AttackValues(Part):
    """Of an attack."""

    refused: int | None = Field(default=None, ge=0, description="How many attempts were refused.")


class PhoneAccountValues(TokenValues):
    """Of what a phone shows of its account, amounts in major units."""

    sections: list[str] | None = Field(default=None, description="What it shows, in any order.")
    first: str | None = Field(default=None, description="The section at the top.")
    available: SignedAmountText | None = Field(default=None, description="What can be spent.")
    posted: SignedAmountText | None = Field(default=None, description="What is owed.")
    minimum: AmountText | None = Field(default=None, description="What is left of the last minimum.")
    closing: AmountText | None = Field(default=None, description="What is left of the last closing balance.")
    due_day: DayText | None = Field(default=None, description="By when.")
    missed: int | None = Field(default=None, ge=0, description="How many minimums in a row were missed.")
    plans: int | None = Field(default=None, ge=0, description="How many plans have instalments to come.")
    postings: list[str] | None = Field(default=None, description="The kinds of the last postings, in any order.")


class ControlsValues(Values):
    """Of a cardholder's controls: where the token can be used, amounts in major units."""

    frozen: bool | None = Field(default=None, description="Whether its cardholder has locked it.")
    channels: list[str] | None = Field(default=None, description="In which channels, in any order.")
    countries: list[str] | None = Field(default=None, description="In which countries; none for everywhere.")
    limit: AmountText | None = Field(default=None, description="Up to which amount.")
