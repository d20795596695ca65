"""What tenants have made: so much at most, and each sees its own."""

from dataclasses import dataclass

import pytest

from simulators.simulations.belongings import KEPT_MAX, Belongings
from tokenvault.callers.caller import Caller, current_caller
from tokenvault.vocabulary.errors import Conflict, NotFound


@dataclass(frozen=True)
class Thing:
    """Something with a name."""

    id: str


@pytest.fixture
def things():
    """None yet."""
    return Belongings("thing")


@pytest.fixture
def acting_for():
    """Makes a tenant's operator the caller; whoever called before does again afterwards."""
    before = current_caller.get()
    yield lambda tenant: current_caller.set(Caller("key", frozenset({"sandbox"}), tenant))
    current_caller.set(before)


def test_the_newest_first_page_by_page(things):
    """A page begins behind the last of the page before."""
    for name in "abcde":
        things.keep(Thing(name))
    assert [each.id for each in things.newest_first(2, None)] == ["e", "d"]
    assert [each.id for each in things.newest_first(9, "d")] == ["c", "b", "a"]
    assert things.newest_first(9, "a") == []
    with pytest.raises(NotFound):
        things.newest_first(9, "f")


def test_what_is_taken_is_gone(things):
    """And is not found again."""
    things.keep(Thing("a"))
    assert things.take("a") == Thing("a")
    for missing in (things.find, things.take):
        with pytest.raises(NotFound, match="no such simulated thing"):
            missing("a")


def test_each_tenant_has_so_many(things, acting_for):
    """One more is refused until one is deleted; another tenant has its own number."""
    acting_for("ada")
    for number in range(KEPT_MAX):
        things.keep(Thing(f"{number}"))
    with pytest.raises(Conflict) as refused:
        things.keep(Thing("more"))
    assert refused.value.code == "too_many_simulated"
    assert len(things.own()) == KEPT_MAX
    acting_for("bob")
    things.keep(Thing("bob's"))
    acting_for("ada")
    things.take("0")
    things.keep(Thing("more"))


def test_a_tenant_sees_its_own(things, acting_for):
    """In every way of asking; all are taken when the server ends."""
    acting_for("ada")
    things.keep(Thing("ada's"))
    acting_for("bob")
    things.keep(Thing("bob's"))
    for missing in (things.find, things.take, lambda name: things.newest_first(1, name)):
        with pytest.raises(NotFound):
            missing("ada's")
    assert [each.id for each in things.own()] == [each.id for each in things.newest_first(9, None)] == ["bob's"]
    assert {each.id for each in things.take_everything()} == {"ada's", "bob's"}
    assert things.own() == []
