"""Whom a peer speaks for: what each proof leaves of the others."""

import numpy as np
import structlog

from authz.network.arrivals import Arrival, Senders
from authz.network.peers import ANY_ACQUIRER, NOT_KNOWN, OPEN, ConnectionAuthority, Peer
from authz.vocabulary.layouts import new_messages

BOTH = frozenset({1, 2})


def _naming(*acquirers):
    commands = new_messages(len(acquirers))
    commands["acquirer"] = acquirers
    return commands


def test_a_port_says_who_may_be_named():
    """Nobody else, whoever was named before."""
    peer = ConnectionAuthority(BOTH).peer("peer")
    assert [peer.may_speak_for(each) for each in (1, 3, 2, 0, 1)] == [True, False, True, False, True]


def test_what_is_not_said_is_open_or_strict():
    """By the port's setting; a strict peer that has proven something speaks for that."""
    assert OPEN.peer("peer").may_speak_for(7)
    strict = ConnectionAuthority(is_strict=True).peer("peer")
    assert not strict.may_speak_for(7)
    proven = strict.narrowed(frozenset({7}))
    assert (proven.may_speak_for(7), proven.may_speak_for(8)) == (True, False)
    assert ConnectionAuthority(is_strict=True).believes_nobody
    assert not any(each.believes_nobody for each in (OPEN, ConnectionAuthority(BOTH, is_strict=True)))
    assert not ConnectionAuthority(None, {"alice": BOTH}, is_strict=True).believes_nobody


def test_each_proof_narrows_what_the_others_leave():
    """A key of an acquirer that the port excludes speaks for nobody."""
    peer = ConnectionAuthority(BOTH).peer("peer")
    assert peer.narrowed(frozenset({2, 3})).acquirers == {2}
    assert not peer.narrowed(frozenset({3})).may_speak_for(3)
    assert ConnectionAuthority(BOTH, {"alice": frozenset({1})}).peer("peer", None).acquirers == frozenset()


def test_messages_of_many_peers_at_once():
    """Each is held against its own peer, and an open peer that names a second acquirer is logged once."""
    alone, shared = Peer("a", frozenset({1})), Peer("b")
    arrivals = [Arrival(b"", np.zeros((0, 2), np.int32), peer, lambda *_: None) for peer in (alone, shared)]
    senders = Senders(arrivals, np.array([0, 0, 1, 1, 0, 1]))
    commands = _naming(1, 2, 2, 1, 1, 9)
    with structlog.testing.capture_logs() as logs:
        for _ in range(2):
            assert senders.strangers(commands) == [1]
    assert [entry["peer"] for entry in logs] == ["b"]
    assert (alone.usual_acquirer, shared.usual_acquirer) == (1, ANY_ACQUIRER)


def test_no_acquirer_stands_for_another():
    """Zero, and the numbers that stand in place of one, are no way around."""
    peer = Peer("peer", frozenset({0}))
    senders = Senders([Arrival(b"", np.zeros((0, 2), np.int32), peer, lambda *_: None)], np.zeros(4, np.int64))
    peer.may_speak_for(0)
    assert senders.strangers(_naming(0, 5, ANY_ACQUIRER, NOT_KNOWN)) == [1, 2, 3]
