"""Server-sent events (WHATWG HTML, 9.2.6) as bytes: blocks of lines, each ended by an empty one."""

RETRY_MILLISECONDS = 1_000
"""How long a client waits before it connects again."""


def beginning(identifier: str) -> bytes:
    """The first block: how soon to come back, and where to go on if nothing else arrives."""
    return f"retry: {RETRY_MILLISECONDS}\nid: {identifier}\n\n".encode()


def entry(identifier: str, event: str, data: str) -> bytes:
    """An entry. data: one line, as JSON is."""
    return f"id: {identifier}\nevent: {event}\ndata: {data}\n\n".encode()


def pulse(identifier: str) -> bytes:
    """A comment, so that nobody on the way takes the connection for dead; and how far the client has heard."""
    return f": still here\nid: {identifier}\n\n".encode()
