"""What a newcomer has to touch to add each kind of thing; CONTRIBUTING.md shows it, `test_recipes` carries it out."""

from pathlib import Path

from tests.newcomer.recipe import CopiedFile, Line, NewFile, Recipe

ROOT = Path(__file__).parents[2]

CHECK = Recipe(
    "A check: one function and one row of the table of checks",
    explanation=(
        "A check looks at a message and returns what it saw, the bound that it compares with, and a reason. The row "
        "says after which check it runs, who asks it under which condition, and how an explanation words its two "
        "numbers. The compiled passes, the numbers of the checks and the documents are generated. `REFUSED` takes a "
        "message that this check declines for each of its askers; the test fails while there is none."
    ),
    places=(
        NewFile(
            "authz/kernel/checks/gambling.py",
            '''"""Gambling: its merchants are refused."""

from typing import Any

import numpy as np

from authz.arrays.compiled import inlined
from authz.kernel.checks.findings import Finding
from authz.vocabulary.reasons import Reason

GAMBLING = 7995
"""ISO 18245: betting, casino chips, off-track betting."""


@inlined
def check_gambling(command: Any) -> Finding:
    """The merchant must not offer gambling."""
    category = np.int64(command["merchant_category"])
    return category, GAMBLING, Reason.MERCHANT_NOT_ALLOWED if category == GAMBLING else Reason.APPROVED
''',
        ),
        Line(
            "authz/kernel/checks/order.py",
            after="from authz.kernel.checks.forcing import ",
            line="from authz.kernel.checks.gambling import check_gambling",
        ),
        Line(
            "authz/kernel/checks/order.py",
            after="    Row(check_card_state, ",
            line='    Row(check_gambling, asked_by(Asker.ISSUER), "{seen:04d}", "not {bound:04d}"),',
        ),
        Line(
            "tests/authz/kernel/checks/test_order.py",
            after="REFUSED: dict[str, list[Refused]] = {",
            line='    "gambling": [by_issuer(Reason.MERCHANT_NOT_ALLOWED, tap(60, merchant_category=7995))],',
        ),
    ),
    use="""
from simulators.parties.merchant import Merchant
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.testkit.kit import TestKit

with scratch_sandbox() as sandbox, TestKit(sandbox.http_url, sandbox.iso_address) as kit:
    phone = kit.phone()
    assert kit.terminal().pay(phone, 500).approved
    refused = kit.decision(kit.terminal(merchant=Merchant(category="7995")).pay(phone, 500))
    assert (refused["reason"], refused["response_code"]) == ("merchant_not_allowed", "57"), refused
    (failed,) = [check for check in refused["checks"] if check["outcome"] == "failed"]
    assert (failed["name"], failed["bound"]) == ("gambling", "not 7995"), failed
""",
    tests=("tests/authz/kernel/checks/test_order.py", "tests/test_house.py"),
    generators=("authz.kernel.generation",),
    generated=frozenset({"authz/kernel/passes.py", "authz/kernel/checks/numbers.py"}),
    documents={"wire.md": "`gambling`"},
)


POSTING_KIND = Recipe(
    "A posting kind: one row, and the place where it is posted",
    explanation=(
        "Every change of what an account owes is a posting, and its kind says why it was made. The row gives its "
        "number, whether it charges or gives back, whether it can be charged back, and what it is. The kernel makes "
        "postings with `post`, and nothing else changes a balance. The decision, `/v1/transactions`, its filter and "
        "its OpenAPI document, disputes, `tapwright explain` and the table in docs/authorization.md follow from the "
        "row. "
        "A row that the kernel never posts fails a test. One decision makes at most `POSTINGS_PER_COMMAND` postings. "
        "In this example, what is bought from a dealer in money is no longer a `purchase`."
    ),
    places=(
        Line(
            "authz/vocabulary/posting_kinds.py",
            after="    FORCE_POST_CASH = ",
            line='    QUASI_CASH = 9, Sign.CHARGES, True, "Quasi-cash: foreign money, money orders, crypto assets."',
        ),
        Line(
            "authz/kernel/accounts/postings.py",
            after="    goods = part_for_goods(",
            line="""\
    if is_authorized and np.int64(entry["merchant_category"]) == 6051:  # ISO 18245: quasi-cash
        post(state, row, PostingKind.QUASI_CASH, billing)
        return""",
        ),
    ),
    use="""
from simulators.cli.command_line import main
from simulators.parties.merchant import Merchant
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.testkit.kit import TestKit

with scratch_sandbox() as sandbox, TestKit(sandbox.http_url, sandbox.iso_address) as kit:
    account = kit.account()
    phone = kit.phone(kit.card(account))
    assert kit.terminal().buy(phone, 500).approved
    exchanged = kit.terminal(merchant=Merchant(category="6051")).buy(phone, 2_000)
    (posted,) = kit.decision(exchanged)["postings"]
    assert (posted["kind"], posted["amount"]) == ("quasi_cash", 2_000), posted

    address = f"/v1/transactions?account_id={account}"
    listed = kit.issuer.call("GET", address)["data"]
    assert [each["kind"] for each in listed] == ["quasi_cash", "purchase"], listed
    assert kit.issuer.call("GET", f"{address}&kind=quasi_cash")["data"] == listed[:1]
    back = kit.issuer.call("POST", f"/v1/transactions/{posted['id']}/chargeback", {"amount": 2_000})
    assert (back["kind"], back["posted_balance"]) == ("chargeback", 500)
    assert "quasi_cash" in str(kit.issuer.call("GET", "/openapi.json"))
    assert main(["explain", exchanged.authorization_id, "--url", sandbox.http_url]) == 0
""",
    tests=(
        "tests/authz/kernel/accounts/test_posting_kinds.py",
        "tests/authz/kernel/accounts/test_postings.py",
        "tests/authz/http/test_transactions.py",
        "tests/test_house.py",
    ),
    documents={"authorization.md": "| `quasi_cash` | is charged | Quasi-cash: "},
)


LIMIT_PERIOD = Recipe(
    "A limit period: one row of the table of periods",
    explanation=(
        "Limits and rules count over periods. The program document, the calendar, counters, explanations and "
        "the table in docs/rules.md follow from the row."
    ),
    places=(
        Line(
            "authz/program/periods.py",
            after="    SINCE_VERIFICATION = ",
            line='    QUARTER = 7, Begins.EVERY_MONTHS, 3, "since the first of January, April, July or October"',
        ),
    ),
    use="""
from datetime import UTC, datetime

from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.testkit.kit import TestKit

LIMIT = {"id": "once-a-quarter", "window": "quarter", "count_max": 1}
RULE = {
    "id": "much-in-a-quarter",
    "action": "decline",
    "reason": "suspected_fraud",
    "when": {"attribute": "amount_quarter", "operator": ">", "value": 10_000},
}

with scratch_sandbox() as sandbox, TestKit(sandbox.http_url, sandbox.iso_address) as kit:
    kit.issuer.call("PUT", "/v1/program", {"time_zone": "Europe/Berlin", "limits": [LIMIT], "rules": [RULE]})
    kit.clock.set_to(datetime(2027, 3, 31, 21, 0, tzinfo=UTC))  # the last hours of a quarter in Berlin
    account, terminal = kit.account(), kit.terminal()
    phone = kit.phone(kit.card(account))
    assert terminal.pay(phone, 500).approved

    refused = kit.decision(terminal.pay(phone, 500))
    assert refused["reason"] == "exceeds_limit"
    assert "quarter" in str([check for check in refused["checks"] if check["outcome"] == "failed"]), refused
    (counter,) = kit.issuer.call("GET", f"/v1/accounts/{account}")["counters"]
    assert (counter["window"], counter["count"]) == ("quarter", 1)

    kit.clock.set_to(datetime(2027, 3, 31, 22, 30, tzinfo=UTC))  # half past midnight there: the first of April
    assert terminal.pay(phone, 500).approved
""",
    tests=(
        "tests/authz/kernel/test_undefined_values.py::test_every_period_counts_and_begins[quarter]",
        "tests/authz/kernel/accounts/test_calendar.py",
        "tests/authz/program",
    ),
    documents={"rules.md": "| `quarter` | since the first of January, April, July or October |"},
)


DIALECT = Recipe(
    "A dialect of ISO 8583: one file of JSON",
    explanation=(
        "A dialect describes how each data element is encoded; its name is the name of its file. This one is "
        "the network's own dialect behind a length indicator of four digits."
    ),
    places=(
        CopiedFile(
            "authz/iso8583/dialects/framed_by_text.json",
            source="authz/iso8583/dialects/ascii_1987.json",
            replacements=(
                ('"about": {"desc": "', '"about": {"desc": "behind a length of four digits: '),
                ("\n}", ',\n "framing": {"length_bytes": 4, "length_encoding": "ascii"}\n}'),
            ),
        ),
    ),
    use="""
from authz.iso8583.dialects.fields import built_in
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.sandbox.settings.iso_listeners import listener_of
from simulators.terminals.terminal import Terminal
from simulators.testkit.kit import TestKit

with (
    scratch_sandbox(iso_listeners=[listener_of("framed_by_text:0")]) as sandbox,
    TestKit(sandbox.http_url, sandbox.iso_address) as kit,
):
    (address,) = sandbox.further_iso_addresses
    terminal = Terminal(address, clock=kit.clock, dialect=built_in("framed_by_text"))
    assert kit.reason_of(terminal.pay(kit.phone(), 1_250)) == "approved"
    terminal.close()
""",
    tests=(
        "tests/authz/iso8583/dialects/test_dialects.py",
        "tests/integration/test_other_dialects.py::test_a_payment_and_its_reversal",
    ),
    documents={"wire.md": "| `framed_by_text` | behind a length of four digits: "},
)


ENDPOINT = Recipe(
    "An endpoint: one file with a router in an HTTP folder",
    explanation=(
        "Every module with a `router` in `tokenvault/http`, `authz/http` and `simulators/sandbox/http` is "
        "found and mounted. The engine's modules also declare which scopes may call them, and which error "
        "statuses they answer with."
    ),
    places=(
        NewFile(
            "authz/http/durability.py",
            '''"""``/v1/durability``: how much of what was decided is on the disk."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from authz.http.surroundings import EngineDependency

router = APIRouter(prefix="/v1/durability", tags=["durability"])
SCOPES = ("network", "sandbox")
STATUSES = ()


class DurabilityView(BaseModel):
    """How far the journal has come."""

    sequence: int = Field(description="Number of the last command that is on the disk.", examples=[120000])


@router.get("")
async def read_durability(engine: EngineDependency) -> DurabilityView:
    """Read how much of what was decided is on the disk. Scope: network or sandbox."""
    return DurabilityView(sequence=engine.durable_sequence)
''',
        ),
    ),
    use="""
from simulators.parties.issuer_client import Issuer, IssuerRefused
from simulators.parties.sandbox_constants import ISSUER_API_KEY, SANDBOX_API_KEY
from simulators.sandbox.scratch_sandbox import scratch_sandbox

with scratch_sandbox() as sandbox, Issuer(sandbox.http_url, SANDBOX_API_KEY) as operator:
    account = operator.open_account("EUR", 100_000)
    assert operator.call("GET", "/v1/durability")["sequence"] > 0
    assert "/v1/durability" in operator.call("GET", "/openapi.json")["paths"]
    try:
        Issuer(sandbox.http_url, ISSUER_API_KEY).call("GET", "/v1/durability")
    except IssuerRefused as refused:
        assert refused.status == 403, refused
    else:
        raise AssertionError("an issuer's key was let in")
""",
    tests=(
        "tests/simulators/sandbox/test_routes.py",
        "tests/integration/test_http_api.py",
        "tests/integration/test_http_conventions.py",
        "tests/security/test_tenants.py",
        "tests/test_house.py",
    ),
)


VENDOR_ROUTE = Recipe(
    "A vendor's API: one file with a router among the vendor APIs",
    explanation=("Vendor-compatible mock APIs are mounted where the setting for them is on."),
    places=(
        NewFile(
            "simulators/vendor_apis/card_program.py",
            '''"""A mock API in the shape of a card program's API: what a card's state is in its words."""

from typing import Any

from fastapi import APIRouter

from tokenvault.callers.caller import Scope
from tokenvault.cards.cards import CardState, find_card
from tokenvault.http.protocol.access import VaultDependency, requires

router = APIRouter(
    prefix="/vendor-apis/card-program/v3",
    tags=["mock API: card program"],
    dependencies=[requires(Scope.ISSUER, Scope.SANDBOX)],
)

_STATES = {CardState.ACTIVE: "ACTIVE", CardState.FROZEN: "SUSPENDED", CardState.CLOSED: "TERMINATED"}


@router.get("/cards/{card_token}")
def read_card(vault: VaultDependency, card_token: str) -> dict[str, Any]:
    """Read a card. Scope: issuer or sandbox."""
    card = find_card(vault, card_token)
    return {"token": card.text_id, "last_four": card.last4, "state": _STATES[card.state]}
''',
        ),
    ),
    use="""
from simulators.parties.sandbox_constants import SANDBOX_API_KEY
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.testkit.kit import TestKit

with scratch_sandbox(vendor_apis=True) as sandbox, TestKit(sandbox.http_url, sandbox.iso_address) as kit:
    card = kit.card()
    kit.issuer.set_frozen(card, True)
    told = kit.issuer.call("GET", f"/vendor-apis/card-program/v3/cards/{card}")
    assert (told["token"], told["state"]) == (card, "SUSPENDED")
""",
    tests=("tests/simulators/sandbox/test_routes.py", "tests/simulators/vendor_apis"),
)


ATTACKER = Recipe(
    "An attack: one class, and its name in the catalogue",
    explanation=(
        "An attack prepares a scene and then tries, each time a little differently. Its `refusals` are all the reasons "
        "that it may be declined for: anything else counts as a success of the attacker."
    ),
    places=(
        NewFile(
            "simulators/attackers/on_merchants.py",
            '''"""Attacks on where a token may be used."""

from simulators.attackers.attack import Attack
from simulators.terminals.terminal import Merchant


class WrongCountry(Attack):
    """A token that is restricted to one country, used in another."""

    name = "wrong-country"
    refusals = frozenset({"country_not_allowed"})

    def prepare(self) -> None:
        """A token that is good in Germany only, and a terminal in Austria."""
        self.phone = self.scene.new_victim(countries=["276"]).phone
        self.terminal = self.scene.terminal(merchant=Merchant(country="040"))

    def attempt(self) -> str:
        """Pay there."""
        return self.scene.reason_of(self.terminal.pay(self.phone, self.amount()))
''',
        ),
        Line(
            "simulators/attackers/catalogue.py",
            after="from simulators.attackers.on_devices import ",
            line="from simulators.attackers.on_merchants import WrongCountry",
        ),
        Line("simulators/attackers/catalogue.py", after="        DeactivatedToken,", line="        WrongCountry,"),
    ),
    use="""
from simulators.cli.command_line import main

assert main(["attack", "wrong-country", "--variations", "3"]) == 0
""",
    tests=("tests/simulators/attackers/test_attackers.py::test_attack[wrong-country]",),
    documents={"qa-guide.md": "`wrong-country`"},
)


RECIPES = {
    "check": CHECK,
    "posting-kind": POSTING_KIND,
    "limit-period": LIMIT_PERIOD,
    "dialect": DIALECT,
    "endpoint": ENDPOINT,
    "vendor-route": VENDOR_ROUTE,
    "attack": ATTACKER,
}
"""All recipes, by the name of their block in CONTRIBUTING.md."""
