"""Which topics there are, and who may hear them."""

import pytest

from simulators.sandbox.stream.topics import Topic, topics_in
from tokenvault.vocabulary.errors import FieldError, Forbidden


def test_all_that_a_key_may_hear():
    """Where a request names none, it hears what its scopes allow, but for what tells of every call."""
    assert topics_in(None, {"sandbox"}) == frozenset(Topic) - {"requests", "undecided_messages"}
    assert topics_in(None, {"wallet"}) == {Topic.EVENTS}
    assert topics_in(None, {"issuer"}) == topics_in(None, {"network"}) == {"decisions", "events", "figures"}


def test_names_between_commas():
    """Spaces and repetitions do no harm."""
    assert topics_in("events, decisions,events", {"issuer"}) == {Topic.EVENTS, Topic.DECISIONS}


@pytest.mark.parametrize("text", ["payments", "events,payments", "", "events,"])
def test_what_is_no_topic_is_refused_by_name(text):
    """The field is named, and the topics that there are."""
    with pytest.raises(FieldError, match="decisions, events, messages, clock, figures") as refused:
        topics_in(text, {"sandbox"})
    assert refused.value.field == "topics"


@pytest.mark.parametrize(("scope", "topic"), [
        ("wallet", "decisions"), ("issuer", "messages"), ("network", "clock"), ("issuer", "requests"),
        ("network", "requests"), ("wallet", "requests"), ("issuer", "undecided_messages"),
    ],
)  # fmt: skip
def test_a_topic_of_others_is_refused(scope, topic):
    """The scopes are those of the list of the same things."""
    with pytest.raises(Forbidden, match=f"the topic {topic} requires"):
        topics_in(f"events,{topic}", {scope})
