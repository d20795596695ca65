"""Processes that are killed while they decide."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.survival.day_kills import survive_day_kills
from tests.survival.engine_kills import survive_engine_kills
from tests.survival.event_kills import survive_event_kills
from tests.survival.server_kills import survive_kills


def test_two_kills_of_a_server_under_load(tmp_path):
    """Every approval that a client received is there after the restart, and none twice."""
    assert survive_kills(tmp_path, 2)


@pytest.mark.slow
def test_twenty_kills_of_a_server_under_load(tmp_path):
    """The same twenty times, on one data directory."""
    assert survive_kills(tmp_path, 20)


def test_kills_of_an_engine(tmp_path):
    """Wherever it is killed, also in a checkpoint: what was acknowledged is there, and the books balance."""
    assert survive_engine_kills(tmp_path, 5, seed=1)


@pytest.mark.slow
def test_a_hundred_kills_of_an_engine(tmp_path):
    """The same a hundred times."""
    assert survive_engine_kills(tmp_path, 100, seed=2)


def test_three_kills_of_a_server_that_delivers(tmp_path):
    """Every decision has exactly one event, which is delivered: none is lost and none is doubled."""
    assert survive_event_kills(tmp_path, 3) >= 3


@pytest.mark.slow
def test_a_hundred_kills_of_a_server_that_delivers(tmp_path):
    """The same a hundred times, on one data directory."""
    assert survive_event_kills(tmp_path, 100) >= 1_000


def test_kills_of_an_engine_that_closes_days(tmp_path):
    """Wherever it is killed: books and statements are those of an engine that nobody disturbed, each statement once."""
    assert survive_day_kills(tmp_path, 5, seed=1)


@pytest.mark.slow
def test_a_hundred_kills_of_an_engine_that_closes_days(tmp_path):
    """The same a hundred times, most of them in the middle of a close."""
    assert survive_day_kills(tmp_path, 100, seed=2) > 50


def _kill_closing_servers(kills, seed):
    """Kill so many; returns how many of the kills came in the middle of a close.

    In a process of its own: whole servers are started in copies of it, and a copy of one that has run other tests would
    inherit the locks that their threads held.
    """
    command = [sys.executable, "-m", "tests.survival.closing_servers", "--kills", str(kills), "--seed", str(seed)]
    made = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    told = re.search(r"([0-9]+) of them in the middle of a close", made.stdout)
    assert told is not None, made.stdout
    return int(told[1])


def test_two_kills_of_a_server_that_closes_days():
    """Started again it goes on where it was; each statement is in its lists once."""
    _kill_closing_servers(2, seed=1)


@pytest.mark.slow
def test_a_hundred_kills_of_a_server_that_closes_days():
    """The same a hundred times, most of them in the middle of a close."""
    assert _kill_closing_servers(100, seed=2) > 50
