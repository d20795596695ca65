"""Why a payment came to nothing before the network had decided: one stable word for each of a phone's, reader's and
line's failures, the same in scenarios and over HTTP. `docs/qa-guide.md` describes them.
"""

from authz.iso8583.encoding import codec
from simulators.terminals.iso_link import LineDown, LinkError
from simulators.wallet.card.contactless_reader import ReadingFailed
from simulators.wallet.phone import CannotDoThis, NoNetwork
from tokenvault.emv.errors import EmvError

FAILURES = (ReadingFailed, NoNetwork, CannotDoThis, codec.MessageError, EmvError, LinkError)
"""What a payment at a simulated terminal can fail with."""


def failure(error: Exception) -> tuple[str, str]:
    """The word for one of `FAILURES`, and what happened as a text."""
    match error:
        case ReadingFailed():
            return error.reason, str(error)
        case NoNetwork():
            return "no_network", str(error)
        case CannotDoThis():
            return "cannot_do_this", str(error)
        case codec.MessageError():
            return "refused_by_terminal", f"nothing was sent: {error}"
        case EmvError():
            return "unreadable_code", str(error)
        case LineDown():
            return "line_down", str(error)
    return "no_answer", str(error)
