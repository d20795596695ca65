"""One small bank for tests of the kernel: a state, short ways to send messages, and what is read of its one account."""

from authz.journal.replay import apply_batch
from authz.kernel.application import name_accounts
from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument, with_offsets
from authz.state.tables import Counter, new_state, postings_made, with_program
from authz.vocabulary.commands import COMMAND, Flag, Kind
from authz.vocabulary.posting_kinds import posting_kind
from authz.vocabulary.reasons import Reason
from tests.authz.commands import NOW_US, command, opening

HOUR_US = 3_600_000_000
JPY = 392
RATES = {"base": "EUR", "per_base": {"USD": "1.08", "JPY": "163.5"}}
STAND_IN_LIMITS = {"amount_max": 2_000, "count_max": 3, "total_max": 5_000}
DAY = {"id": "day", "window": "day", "amount_max": 10_000, "currency": "EUR"}
"""A hundred euros a day."""
SALE = {"kind": Kind.FINANCIAL_REQUEST}


class Bank:
    """An account of 1000.00 EUR with a card and a token, under a program."""

    def __init__(self, **document):
        self.state = apply_batch(new_state(16), opening())[0]
        self.version = 0
        self.result = self.findings = None
        self.made, self.postings = [], []
        self.use(**document)

    def use(self, **document):
        """Switch to another program."""
        self.version += 1
        self.document = with_offsets(ProgramDocument.model_validate(document))
        self.state = with_program(self.state, compiled_program(self.document, self.version))

    def send(self, message):
        """Apply one message; its reason."""
        message = message.copy().view(COMMAND)
        name_accounts(self.state, message)
        self.state, results, self.findings = apply_batch(self.state, message)
        self.result = results[0]
        made = postings_made(self.state)
        assert len(made) == results[0]["postings"]
        self.made = [(posting_kind(int(each["kind"])), int(each["amount_minor"])) for each in made]
        self.postings += made.tolist()
        return Reason(results[0]["reason"])

    def pass_time(self, hours):
        """Nothing happens until so long after NOW."""
        self.send(command(Kind.PASS_TIME, time_us=NOW_US + int(hours * HOUR_US)))

    @property
    def held(self):
        """What is held."""
        return int(self.state.accounts[0]["held_minor"])

    @property
    def posted(self):
        """What is owed."""
        return int(self.state.accounts[0]["posted_minor"])


def told(bank):
    """What the answer says of amounts: approved in the message's currency, then in the account's, and the rate."""
    return tuple(int(bank.result[name]) for name in ("approved_minor", "billing_minor", "conversion_rate"))


def approve(bank, *messages):
    """Send messages that must all be approved."""
    for message in messages:
        assert bank.send(message) is Reason.APPROVED


def again(message):
    """The same message, marked as a repeat."""
    made = message.copy()
    made["flags"] = int(made["flags"][0]) | Flag.REPEAT
    return made


def in_an_outage(**document):
    """A bank whose issuer is down."""
    bank = Bank(stand_in=STAND_IN_LIMITS, rates=RATES, **document)
    bank.send(command(Kind.SWITCH_ISSUER, is_down=1))
    return bank


def forward(bank):
    """The issuer is back and hears every advice."""
    bank.send(command(Kind.SWITCH_ISSUER, is_down=0))
    while bank.state.counters[Counter.FORWARDED_ADVICES] < bank.state.counters[Counter.STORED_ADVICES]:
        bank.send(next_advice(bank))


def next_advice(bank):
    """What stand-in tells the issuer next."""
    place = int(bank.state.counters[Counter.FORWARDED_ADVICES])
    return bank.state.advices[place : place + 1]
