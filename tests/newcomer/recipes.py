"""What a newcomer has to touch to add each kind of thing; CONTRIBUTING.md shows it, `test_recipes` carries it out."""

from pathlib import Path

from tests.newcomer.decision_recipes import CHECK, LIMIT_PERIOD, POSTING_KIND
from tests.newcomer.recipe import Change, CopiedFile, Line, NewFile, Recipe

ROOT = Path(__file__).parents[2]

TOKEN_STATE = Recipe(
    "A token state: one row of the token lifecycle",
    explanation=(
        "The row gives the state's name, its code in the engine, and the state that follows each change; a change "
        "without an entry is refused. The lifecycle diagram, the API, its filters and its OpenAPI document, scenarios "
        "and the notices to the engine follow from the row. Vault states that the engine treats alike share one engine "
        "code. A state that needs its own decline reason gets its own code, and a row in "
        "`authz/vocabulary/states.py`. Add the state to the mapping in `issuer_processor.py`; without it, importing "
        "the module fails. The tests compare the table with a model of the lifecycle that is written by hand on "
        "purpose, so it needs the state as well. A final state also needs a migration, because the database allows "
        "only one token that has not ended for each card on a device. "
        "In this example, a token can be suspended before it is activated; tests that say that it cannot "
        "(`tests/tokenvault/tokens/test_card_changes.py` and others) are changed with the rule."
    ),
    places=(
        Change(
            "tokenvault/tokens/lifecycle.py",
            there='    INACTIVE = "inactive", 0, {_C.ACTIVATE: "active", _C.DEACTIVATE: "deactivated"}',
            instead="""\
    INACTIVE = "inactive", 0, {_C.ACTIVATE: "active", _C.SUSPEND: "blocked", _C.DEACTIVATE: "deactivated"}
    BLOCKED = "blocked", 0, {_C.SUSPEND: "blocked", _C.RESUME: "inactive", _C.DEACTIVATE: "deactivated"}""",
        ),
        Line(
            "simulators/vendor_apis/issuer_processor.py",
            after="    TokenState.INACTIVE: ",
            line='    TokenState.BLOCKED: "INACTIVE",',
        ),
        Change(
            "tests/tokenvault/tokens/test_lifecycle.py",
            there="            return self.activated",
            instead="            return self.decided",
        ),
        Change(
            "tests/tokenvault/tokens/test_lifecycle.py",
            there="            return LifecycleState(TokenState.SUSPENDED, frozenset(self.suspended_by))",
            instead="""\
            state = TokenState.SUSPENDED if self.activated else TokenState.BLOCKED
            return LifecycleState(state, frozenset(self.suspended_by))""",
        ),
    ),
    use="""
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.testkit.kit import TestKit
from simulators.wallet.phone import WalletRefused

with scratch_sandbox() as sandbox, TestKit(sandbox.http_url, sandbox.iso_address) as kit:
    phone = kit.bare_phone()
    phone.register()
    token = phone.request_token(kit.card())["id"]
    blocked = kit.issuer.change_token(token, "suspend")
    assert (blocked["state"], blocked["suspended_by"]) == ("blocked", ["issuer"]), blocked
    (listed,) = kit.issuer.call("GET", "/v1/tokens?state=blocked")["data"]
    assert listed["id"] == token
    try:
        phone.activate()
    except WalletRefused as refused:
        assert refused.problem["code"] == "token_state_conflict", refused
    else:
        raise AssertionError("a blocked token was activated")
    assert kit.issuer.change_token(token, "resume")["state"] == "inactive"
    phone.activate()
    assert kit.terminal().pay(phone, 500).approved
""",
    tests=(
        "tests/tokenvault/tokens/test_lifecycle.py",
        "tests/tokenvault/tokens/test_lifecycle_states.py",
        "tests/simulators/sandbox/test_states.py",
        "tests/simulators/vendor_apis",
    ),
    documents={"wallet-integration.md": "    inactive --> blocked: suspend"},
)


DIALECT = Recipe(
    "A dialect of ISO 8583: one file of JSON",
    explanation=(
        "A dialect describes how each data element is encoded; its name is the name of its file. This one is "
        "the network's own dialect with a length indicator of four digits before each message."
    ),
    places=(
        CopiedFile(
            "authz/iso8583/dialects/framed_by_text.json",
            source="authz/iso8583/dialects/ascii_1987.json",
            replacements=(
                ('"about": {"desc": "', '"about": {"desc": "with a length of four digits before each message: '),
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
    documents={"wire.md": "| `framed_by_text` | with a length of four digits before each message: "},
)


ENDPOINT = Recipe(
    "An endpoint: one file with a router in an HTTP folder",
    explanation=(
        "Every module with a `router` in `tokenvault/http/routers/`, `authz/http/` and `simulators/sandbox/http/` is "
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
    explanation="Vendor-compatible mock APIs are mounted where the setting `vendor_apis` is on.",
    places=(
        NewFile(
            "simulators/vendor_apis/card_program.py",
            '''"""A mock API in the shape of a card program's API: a card and its state, in the words of that API."""

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
    answer = kit.issuer.call("GET", f"/vendor-apis/card-program/v3/cards/{card}")
    assert (answer["token"], answer["state"]) == (card, "SUSPENDED")
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
from simulators.parties.merchant import Merchant


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
    "token-state": TOKEN_STATE,
    "dialect": DIALECT,
    "endpoint": ENDPOINT,
    "vendor-route": VENDOR_ROUTE,
    "attack": ATTACKER,
}
"""All recipes, by the name of their block in CONTRIBUTING.md."""
