"""What a phone signed (9F03, 9C, 9A, 9F1A) must be what its message says, and DE 7 near the network's clock."""

import time

import pytest

from authz.vocabulary.commands import Flag
from simulators.parties.merchant import Merchant
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.testkit.kit import TestKit
from tests.authz.iso8583.messages.messages import chip, command_of

DIFFERING = (
    Flag.SIGNED_FOR_OTHER_CASH
    | Flag.SIGNED_ON_ANOTHER_DAY
    | Flag.SIGNED_IN_ANOTHER_COUNTRY
    | Flag.SENT_AT_ANOTHER_TIME
    | Flag.SIGNED_FOR_ANOTHER_OPERATION
)
NAME = f"{'CAFE':<25}{'BERLIN':<13}"
CASH_BACK = {"de3": "090000", "de54": "3040978D000000000500"}

READINGS = [
    ({}, {}, 0),
    (CASH_BACK, {}, Flag.SIGNED_FOR_OTHER_CASH),
    (CASH_BACK, {"_9F03": "000000000501"}, Flag.SIGNED_FOR_OTHER_CASH),
    (CASH_BACK, {"_9F03": "000000000500"}, 0),
    ({}, {"_9F03": "000000000500"}, Flag.SIGNED_FOR_OTHER_CASH),
    ({}, {"_9A": "151124"}, Flag.SIGNED_ON_ANOTHER_DAY),
    ({}, {"_9A": "261117"}, 0),
    ({}, {"_9A": "261116"}, Flag.SIGNED_ON_ANOTHER_DAY),
    ({}, {"_9A": "261201"}, 0),
    ({}, {"_9A": "261202"}, Flag.SIGNED_ON_ANOTHER_DAY),
    ({"de13": "1116"}, {}, Flag.SIGNED_ON_ANOTHER_DAY),
    ({"de13": "1117"}, {}, 0),
    ({"de43": NAME + "DE"}, {}, 0),
    ({"de43": NAME + "US"}, {}, Flag.SIGNED_IN_ANOTHER_COUNTRY),
    ({"de43": NAME + "  "}, {}, 0),
    ({"de43": NAME + "US"}, {"_9F1A": "0840"}, 0),
    ({"de19": "840"}, {}, 0),
    ({"de7": "0124120000"}, {}, Flag.SIGNED_ON_ANOTHER_DAY | Flag.SENT_AT_ANOTHER_TIME),
    ({"de7": "0124120000", "de13": "1124"}, {}, Flag.SENT_AT_ANOTHER_TIME),
    ({"de7": "1117000000", "de13": "1124"}, {}, 0),
    ({"de7": "1116235959", "de13": "1124"}, {}, Flag.SENT_AT_ANOTHER_TIME),
    ({"de7": "1202000000", "de13": "1124"}, {}, Flag.SENT_AT_ANOTHER_TIME),
    ({"de0": "0120", "de7": "0124120000", "de13": "1124"}, {}, 0),
    ({"de3": "010000"}, {"_9C": "01"}, 0),
    ({"de3": "010000"}, {"_9C": "20"}, Flag.SIGNED_FOR_ANOTHER_OPERATION),
]


@pytest.mark.parametrize(("fields", "tags", "differing"), READINGS)
def test_each_thing_that_differs_has_its_own_flag(fields, tags, differing):
    """The clock says 2026-11-24; seven days are allowed."""
    assert command_of(**fields, de55=chip(**tags))["flags"] & DIFFERING == differing


@pytest.mark.parametrize("cash", ["000000000000", "000000000500"])
def test_a_qr_code_knows_no_amount_country_and_date(cash):
    """It signs zeros; cash that is signed nevertheless is compared."""
    left_open = {"_9F02": "0" * 12, "_9F1A": "0000", "_5F2A": "0000", "_9A": "000000", "_9F10": "06010103A40002"}
    command = command_of(de22="031", de43=NAME + "US", de55=chip(**left_open, _9F03=cash))
    assert command["flags"] & DIFFERING == (Flag.SIGNED_FOR_OTHER_CASH if int(cash) else 0)


class Scene:
    """A network, an account with a phone, and a terminal."""

    def __init__(self, kit):
        self.account = kit.account()
        self.phone = kit.phone(kit.card(self.account))
        self.kit = kit
        self.till = kit.terminal()

    def reason(self, till=None, *, cash=0, **changes):
        """Why a tap whose message was changed on its way came out as it did."""
        till = till or self.till
        transaction = till.start(1_000, operation="09" if cash else "00", cash_minor=cash)
        answer = till.read(self.phone, transaction)
        request = till.authorization_request(transaction, answer, cash_minor=cash)
        changed = request | {int(name[2:]): value for name, value in changes.items()}
        return self.kit.issuer.authorization(till.link.exchange(changed)[62])["reason"]

    def held(self):
        """What is held of the account, minor units."""
        return self.kit.balance(self.account)["held"]


@pytest.fixture
def scene():
    """A network of its own."""
    with scratch_sandbox() as sandbox, TestKit(sandbox.http_url, sandbox.iso_address) as kit:
        yield Scene(kit)


def test_what_was_not_signed_is_refused_and_holds_nothing(scene):
    """Each for its own reason, with its DE 39."""
    assert scene.reason(de3="090000", de54="3040978D000000000500") == "signed_cash_mismatch"
    assert scene.reason(de43=NAME + "US") == "signed_country_mismatch"
    month = 1 + (int(scene.till.messages.plain("0100", 1, "EUR")[7][:2]) + 5) % 12
    assert scene.reason(de7=f"{month:02d}15120000") == "transmission_time_mismatch"
    assert scene.reason(de13=f"{month:02d}15") == "signed_date_mismatch"
    assert scene.held() == 0
    assert scene.reason(cash=500) == "approved"
    assert scene.reason(scene.kit.terminal(merchant=Merchant(country="840"))) == "approved"


def test_clocks_of_terminals_may_be_the_sandboxs_or_the_machines(scene):
    """The sandbox's clock is set forward by a month: who knows of it pays, and who does not pays too."""
    scene.kit.clock.advance(30 * 86_400)
    assert scene.reason() == "approved"
    assert scene.reason(scene.kit.terminal(clock=time.time)) == "approved"
    other = scene.kit.terminal(clock=lambda: scene.kit.clock() - 4_000 * 86_400)
    assert scene.reason(other) == "signed_date_mismatch"
