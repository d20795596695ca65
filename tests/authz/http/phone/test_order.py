"""The order of sections: the portal's, then the usual one."""

from types import SimpleNamespace
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from authz.http.phone.order import DEFAULT_ORDER, SectionName, in_order

NAMES = st.lists(st.sampled_from(DEFAULT_ORDER), unique=True)


def test_the_usual_order_has_every_section_once():
    """A section that is missing there could not be shown."""
    assert sorted(DEFAULT_ORDER) == sorted(get_args(SectionName))


@given(present=NAMES, portal=NAMES)
def test_what_a_portal_names_comes_first(present, portal):
    """In its order; the rest follows in the usual one, and nothing is lost or shown twice."""
    shown = [each.section for each in in_order([SimpleNamespace(section=name) for name in present], portal)]
    named = [name for name in portal if name in present]
    assert shown == named + [name for name in DEFAULT_ORDER if name in present and name not in portal]
