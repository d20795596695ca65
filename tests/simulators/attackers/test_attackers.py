"""Every attack, in seeded variations: each is refused, for the reason that is expected of it."""

import pytest

from simulators.attackers.attack import attack
from simulators.attackers.catalogue import ATTACKS
from simulators.attackers.scene import Scene
from simulators.sandbox.wiring import running_sandbox
from tests.clock import ManualClock
from tests.conftest import settings_for


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """A network of its own: attacks move its clock."""
    clock = ManualClock()
    with (
        running_sandbox(settings_for(tmp_path_factory.mktemp("attacked") / "data"), clock) as network,
        Scene(network.http_url, network.iso_address, clock) as made,
    ):
        yield made


@pytest.mark.parametrize("name", ATTACKS)
def test_attack(scene, name):
    """A few variations each."""
    campaign = attack(ATTACKS[name], scene, attempts=12, seed=1)
    assert campaign.unexpected == {}, campaign.reasons
    assert campaign.refused == 12


@pytest.mark.slow
@pytest.mark.parametrize("name", ATTACKS)
def test_a_thousand_variations(scene, name):
    """All of them refused, and every reason that is expected has come up."""
    campaign = attack(ATTACKS[name], scene, attempts=1_000, seed=2)
    assert campaign.unexpected == {}, campaign.reasons
    assert campaign.refused == 1_000
    assert campaign.reasons.keys() == ATTACKS[name].refusals


def test_an_honest_phone_is_no_attack(scene):
    """What is refused for an attacker is approved for the phone's owner, at the same terminals."""
    phone = scene.new_victim().phone
    for _ in range(3):
        assert scene.reason_of(scene.terminal().pay(phone, 1_250)) == "approved"
