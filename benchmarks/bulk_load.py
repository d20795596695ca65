"""Loading a whole portfolio into the vault: accounts, cards and a million tokens, and the engine hearing of them.

    python -m benchmarks.bulk_load [--tokens 1000000] [--database postgresql://...]

Every PAN is drawn, sealed under AES-256-GCM, and found again by its keyed hash; every notice goes through the outbox.
Beside it, in the same run, the same cards and tokens one by one, through the calls that the API makes.
"""

import argparse
import asyncio
import itertools
import os
import tempfile
import time
from pathlib import Path

from authz.engine import Engine
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentJournal
from authz.state.tables import Counter
from benchmarks import machine
from benchmarks.provisioning import own_database
from simulators.parties import sandbox_constants
from simulators.sandbox.feeds.vault_feed import VaultFeed
from simulators.sandbox.settings.loading import load_settings
from tokenvault.cards.accounts import open_account
from tokenvault.cards.cards import issue_card
from tokenvault.keys.key_ring import KeyRing
from tokenvault.keys.root_keys import SoftwareRootKey
from tokenvault.provisioning.bulk_load import LoadPlan, load
from tokenvault.provisioning.card_sources import CardSource
from tokenvault.provisioning.token_requests import TokenRequest, request_token
from tokenvault.storage.database import open_database
from tokenvault.tokens import token_requestors
from tokenvault.tokens.tokens import TokenLocation
from tokenvault.vault import Vault

ONE_BY_ONE = 500


def open_vault(url: str) -> Vault:
    """A vault of its own; BINs of six digits, so that a million cards leave room."""
    settings = load_settings(funding_bin="999900", token_bin="999950")
    database = open_database(url)
    keys = KeyRing.open(database, SoftwareRootKey(os.urandom(32)), settings.given_keys(), os.urandom)
    vault = Vault(database, keys, settings.program())
    token_requestors.install(vault)
    return vault


def one_by_one(vault: Vault) -> float:
    """Cards with a token a second, each through three transactions of its own."""
    started = time.perf_counter()
    for _ in range(ONE_BY_ONE):
        account = open_account(vault, currency="EUR", credit_limit_minor=1, transaction_limit_minor=None)
        source = CardSource(card_id=issue_card(vault, account.text_id).text_id)
        wanted = TokenRequest(source, sandbox_constants.MERCHANT_REQUESTOR_ID, location=TokenLocation.REMOTE)
        request_token(vault, None, wanted)
    return ONE_BY_ONE / (time.perf_counter() - started)


def tell_engine(vault: Vault, folder: Path) -> tuple[float, int]:
    """Seconds until an engine has heard everything durably, and how many tokens it knows then."""

    async def hear() -> int:
        (folder / "journal").mkdir()
        journal = SegmentJournal(Directory(folder / "journal"))
        engine = Engine(journal, lambda: time.time_ns() // 1000, lambda error: None)
        await VaultFeed(vault.database, engine).drain()
        count = int(engine.state.counters[Counter.TOKENS])
        await engine.close()
        return count

    started = time.perf_counter()
    tokens = asyncio.run(hear())
    return time.perf_counter() - started, tokens


def run(name: str, url: str, tokens: int) -> None:
    """One database: load, tell the engine, then some one by one."""
    with tempfile.TemporaryDirectory() as folder:
        vault = open_vault(url or f"sqlite:///{folder}/vault.db")
        started, marks = time.perf_counter(), [(0, time.perf_counter())]

        def told(done: int) -> None:
            if done * 10 // tokens > marks[-1][0] * 10 // tokens:
                marks.append((done, time.perf_counter()))

        load(vault, LoadPlan(tokens, tokens, sandbox_constants.MERCHANT_REQUESTOR_ID), told)
        seconds = time.perf_counter() - started
        tenths = [(b[0] - a[0]) / (b[1] - a[1]) for a, b in itertools.pairwise(marks)]
        heard, known = tell_engine(vault, Path(folder))
        single = one_by_one(vault)
        print(f"{name:11} {tokens:,} accounts, cards and tokens in {seconds:.0f} s: {tokens / seconds:,.0f}/s")
        print(f"{'':11} by tenths: {machine.spread(tenths)} tokens/s")
        print(f"{'':11} the engine heard of {known:,} tokens in {heard:.0f} s, durably")
        print(f"{'':11} one by one: {single:,.0f}/s; in bulk {tokens / seconds / single:.1f} times as fast")
        vault.database.dispose()


def main() -> None:
    """Measure what can be measured here."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=1_000_000)
    parser.add_argument("--database", help="a PostgreSQL server on which databases may be made")
    arguments = parser.parse_args()
    print(machine.describe())
    run("SQLite", "", arguments.tokens)
    if arguments.database:
        run("PostgreSQL", own_database(arguments.database), arguments.tokens)


if __name__ == "__main__":
    main()
