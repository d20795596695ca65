"""One small bank for tests of the kernel: a state, short ways to send messages, and what is read of its one account."""

from authz.commands import Kind
from authz.kernel.application import name_accounts
from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument, with_offsets
from authz.reasons import Reason
from authz.replay import apply_batch
from authz.tables import new_state, with_program
from tests.authz.commands import NOW_US, command, opening

HOUR_US = 3_600_000_000


class Bank:
    """An account of 1000.00 EUR with a card and a token, under a program."""

    def __init__(self, **document):
        self.state = apply_batch(new_state(16), opening())[0]
        self.version = 0
        self.result = self.findings = None
        self.use(**document)

    def use(self, **document):
        """Switch to another program."""
        self.version += 1
        self.document = with_offsets(ProgramDocument.model_validate(document))
        self.state = with_program(self.state, compiled_program(self.document, self.version))

    def send(self, message):
        """Apply one message; its reason."""
        message = message.copy()
        name_accounts(self.state, message)
        self.state, results, self.findings = apply_batch(self.state, message)
        self.result = results[0]
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
