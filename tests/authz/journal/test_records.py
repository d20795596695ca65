"""What commands have brought about, cut into parts."""

from authz.journal.records import Durable
from authz.journal.replay import apply_batch
from authz.state.tables import made_by, new_state
from authz.vocabulary.commands import Kind
from authz.vocabulary.layouts import joined
from tests.authz.commands import command, opening, tap


def test_a_part_has_the_postings_and_expiries_of_its_own_commands():
    """Wherever it is cut; and the parts together are the whole."""
    batch = joined(
        [
            opening(),
            tap(1, 100),
            tap(2, 700, kind=Kind.FINANCIAL_REQUEST),
            command(Kind.EXPIRE_HOLD, decision=4),
            tap(3, 900, kind=Kind.FINANCIAL_REQUEST),
            command(Kind.EXPIRE_HOLD, decision=4),
        ]
    )
    state, results, _ = apply_batch(new_state(16), batch)
    whole = Durable(1, batch, results, *made_by(state))
    assert (len(whole.postings), len(whole.expiries)) == (2, 1)
    for size in range(1, len(batch) + 1):
        parts = [whole.part(start, start + size) for start in range(0, len(batch), size)]
        assert [part.first for part in parts] == list(range(1, len(batch) + 1, size))
        assert parts[-1].last == whole.last == len(batch)
        for part in parts:
            own = set(range(part.first, part.last + 1))
            assert set(part.postings["sequence"].tolist()) == own & {5, 7}
            assert set(part.expiries["sequence"].tolist()) == own & {6}
