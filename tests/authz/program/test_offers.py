"""Offers: what may be said of them."""

import json

import pytest

from authz.program.document import ProgramInvalid, read_document

PACK = {"number": 1, "id": "pack", "gives": {"back_ppm": 200_000}}


@pytest.mark.parametrize(
    ("offers", "path", "message"),
    [
        ([PACK | {"number": 0}], "offers[0].number", "greater than or equal to 1"),
        ([PACK | {"number": 256}], "offers[0].number", "less than 256"),
        ([PACK | {"gives": {}}], "offers[0].gives.back_ppm", "required"),
        ([PACK | {"gives": {"back_ppm": 1_000_001}}], "offers[0].gives.back_ppm", "1000000"),
        ([PACK | {"gives": {"back_ppm": 1, "funded_by": "us"}}], "offers[0].gives.funded_by", "'issuer' or 'merchant'"),
        ([PACK | {"on": "opening"}], "offers[0].on", "'posting'"),
        ([PACK | {"supply": -1}], "offers[0].supply", "greater than or equal to 0"),
        ([PACK, PACK | {"id": "other"}], "offers", "number 1 occurs twice"),
        ([PACK, PACK | {"number": 2}], "offers", "id pack occurs twice"),
        ([PACK | {"where": {"needs": ["dining"]}}], "document", "no scene serves a need 'dining'"),
        ([PACK | {"where": {"category_groups": ["food"]}}], "document", "no category is in a group 'food'"),
    ],
)
def test_what_is_refused(offers, path, message):
    """Each with the path in the document."""
    with pytest.raises(ProgramInvalid) as refused:
        read_document(json.dumps({"offers": offers}))
    ((where, problem),) = refused.value.problems
    assert where == path
    assert message in problem


def test_defaults():
    """Everything is given something, without a bound, by the issuer."""
    (offer,) = read_document(json.dumps({"offers": [PACK]})).offers
    assert (offer.on, offer.supply, offer.gives.at_most, offer.gives.funded_by) == ("posting", None, 10**12, "issuer")
