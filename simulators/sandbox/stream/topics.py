"""What a stream tells of, and who may listen to it."""

from collections.abc import Collection
from enum import StrEnum

from tokenvault.callers.caller import Scope
from tokenvault.vocabulary.errors import FieldError, Forbidden


class Topic(StrEnum):
    """One kind of news. Each has the scopes and the tenants of the list of the same things."""

    DECISIONS = "decisions"
    EVENTS = "events"
    MESSAGES = "messages"
    CLOCK = "clock"
    FIGURES = "figures"
    REQUESTS = "requests"
    UNDECIDED = "undecided_messages"


SCOPES: dict[Topic, frozenset[str]] = {
    Topic.DECISIONS: frozenset({Scope.ISSUER, Scope.NETWORK, Scope.SANDBOX}),
    Topic.EVENTS: frozenset({Scope.WALLET, Scope.ISSUER, Scope.NETWORK, Scope.SANDBOX}),
    Topic.MESSAGES: frozenset({Scope.SANDBOX}),
    Topic.CLOCK: frozenset({Scope.SANDBOX}),
    Topic.FIGURES: frozenset({Scope.ISSUER, Scope.NETWORK, Scope.SANDBOX}),
    Topic.REQUESTS: frozenset({Scope.SANDBOX}),
    Topic.UNDECIDED: frozenset({Scope.NETWORK, Scope.SANDBOX}),
}
ONLY_BY_NAME = frozenset({Topic.REQUESTS, Topic.UNDECIDED})
"""What only those hear who name it, because it tells of every call."""


def topics_in(text: str | None, scopes: Collection[str]) -> frozenset[Topic]:
    """The topics that a request names, separated by commas. None: all that an API key with these scopes may hear,
    but for those in `ONLY_BY_NAME`.

    Raises: FieldError for a name that is no topic; Forbidden for a topic that the key may not hear.
    """
    if text is None:
        unnamed = SCOPES.keys() - ONLY_BY_NAME
        return frozenset(topic for topic in unnamed if not SCOPES[topic].isdisjoint(scopes))
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in list(Topic):
            raise FieldError("topics", f"each must be one of {', '.join(Topic)}")
    topics = frozenset(map(Topic, names))
    for topic in sorted(topics):
        if SCOPES[topic].isdisjoint(scopes):
            wanted = " or ".join(sorted(SCOPES[topic]))
            raise Forbidden(f"the topic {topic} requires an API key with the scope {wanted}", code="missing_scope")
    return topics
