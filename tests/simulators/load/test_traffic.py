"""What is sent: seeded, numbered, and answered as it is meant to be by a real server."""

import numpy as np
import pytest

from authz.iso8583.dialects.fields import built_in
from authz.iso8583.encoding import codec
from simulators.load.arrivals import Shape
from simulators.load.customers import customers, provision_phones
from simulators.load.generator import Load
from simulators.load.run import GeneratorFailed, measured_ceiling, run_load
from simulators.load.tally import Tally, summed
from simulators.load.taps import TAPS_MAX
from simulators.load.traffic import LineTraffic, Mix, PlainTraffic, Sort, TrafficExhausted
from simulators.process.server_process import ServerProcess

_BUSY_MIX = Mix(completions=0.1, reversals=0.05, too_much=0.05, attacks=0.15)
_NOW = 1_800_000_000.0


@pytest.fixture(scope="module")
def load_phones(sandbox, clock):
    """Load phones."""
    return list(customers(sandbox.iso_address, provision_phones(sandbox.http_url, 4, clock), merchants=2, clock=clock))


def _messages(chunk):
    for request in chunk.requests():
        yield codec.decode(request[2:], built_in())


def test_every_message_is_numbered_and_what_it_is_called(load_phones):
    """Every message is numbered and what it is called."""
    chunk = LineTraffic(load_phones, _BUSY_MIX, seed=7).chunk(400, hour=12, now=_NOW)
    sorts = [Sort(sort) for sort in chunk.sorts.tolist()]
    assert set(sorts) == set(Sort) - {Sort.PLAIN}
    for number, (sort, message) in enumerate(zip(sorts, _messages(chunk), strict=True)):
        assert int(message[11]) == (chunk.first_stan + number) % 1_000_000
        assert message[0] == {Sort.COMPLETION: "0220", Sort.REVERSAL: "0420"}.get(sort, "0100")
        assert (90 in message) == (sort in (Sort.COMPLETION, Sort.REVERSAL))


def test_the_same_seed_pays_the_same_amounts_at_the_same_merchants(load_phones):
    """The same seed pays the same amounts at the same merchants."""
    chunks = [LineTraffic(load_phones, Mix(), seed=3).chunk(100, hour=20, now=_NOW) for _ in range(2)]
    told = [[(message[4], message[18], message[41]) for message in _messages(chunk)] for chunk in chunks]
    assert told[0] == told[1]
    assert (chunks[0].sorts == chunks[1].sorts).all()


def test_a_phone_without_transaction_counters_pays_no_more(load_phones):
    """A phone without transaction counters pays no more."""
    traffic = LineTraffic(load_phones[:1], Mix(), seed=1)
    kept, load_phones[0].counter = load_phones[0].counter, TAPS_MAX
    with pytest.raises(TrafficExhausted):
        traffic.chunk(1, hour=0, now=_NOW)
    load_phones[0].counter = kept


def test_a_request_of_ones_own_is_sent_again_under_other_numbers():
    """A request of ones own is sent again under other numbers."""
    message = {0: "0100", 3: "000000", 4: "000000000100", 11: "123456", 37: "000000123456", 41: "TERM0001", 49: "978"}
    made = list(_messages(PlainTraffic(message).chunk(3, hour=0, now=_NOW)))
    assert [each[11] for each in made] == ["000000", "000001", "000002"]
    assert len({each[37] for each in made}) == 3
    assert all(each[4] == message[4] and each[41] == message[41] for each in made)


@pytest.mark.slow
def test_a_server_answers_everything_as_it_is_meant_to_be(tmp_path):
    """A server answers everything as it is meant to be."""
    server = ServerProcess(tmp_path / "data", "--log-level", "error")
    try:
        phones = list(customers(server.iso_address, provision_phones(server.http_url, 8)))
        lines = [LineTraffic(phones[place::2], _BUSY_MIX, seed=place) for place in range(2)]
        told = []
        load = Load(2_000, 3.0, Shape.DAY, warm_up_seconds=0.5, processes=2)
        ceiling = measured_ceiling(lines, load)
        tally = run_load(server.iso_address, lines, load, lambda *progress: told.append(progress))
        assert ceiling.per_second > 0
        assert ceiling.at_this_rate.answered > 0
        assert tally.lost == tally.unexpected == 0
        assert tally.answered < tally.sent  # what was due in the warm-up does not count
        assert tally.answers[Sort.TAP, 1]
        assert tally.answers[Sort.FORGED, 0]
        assert told

        fresh = list(customers(server.iso_address, provision_phones(server.http_url, 2)))
        closed = Load(1_000, 1.0, window=16, warm_up_seconds=0.0, made_ahead=False)
        tally = run_load(server.iso_address, [LineTraffic(fresh, Mix(0, 0, 0, 0), seed=1)], closed)
        assert tally.sent == tally.answered == tally.answers[Sort.TAP, 1]
    finally:
        server.stop()


@pytest.mark.slow
def test_a_host_that_is_not_there_is_an_error(load_phones):
    """A host that is not there is an error."""
    with pytest.raises(GeneratorFailed):
        run_load(("127.0.0.1", 9), [LineTraffic(load_phones, Mix(), 1)], Load(100, 1.0))


def test_sums_of_two_generators():
    """Sums of two generators."""
    tallies = []
    for began in (0.0, 1.0):
        tally = Tally(began)
        due = np.array([began - 0.5, began + 0.1, began + 1.1])
        tally.take(began + 2.0, due, np.zeros(3, np.uint8), np.array([True, True, False]))
        tallies.append(tally)
    whole = summed(tallies)
    assert whole.answered == 4  # what was due in the warm-up does not count
    assert whole.unexpected == 2
    assert sorted(whole.intervals) == [0, 1]
    assert whole.as_json()["answers"] == {"tap": {"approved": 2, "other": 2}}
