"""Vaults for tests: the sandbox's program on a database in memory, or on a PostgreSQL server where one is named."""

import os
import uuid

import sqlalchemy as sa

from simulators.parties import sandbox_constants
from tokenvault.keys.key_ring import KeyPurpose, KeyRing
from tokenvault.keys.root_keys import SoftwareRootKey
from tokenvault.program.card_program import CardProgram
from tokenvault.storage.database import open_database
from tokenvault.tokens import token_requestors
from tokenvault.vault import Vault
from tokenvault.vocabulary.pan import PanRange

POSTGRESQL_URL = os.environ.get("TAPWRIGHT_TEST_POSTGRESQL")
"""A server on which the tests may make and drop databases, such as ``postgresql://user@127.0.0.1/postgres``."""

ROOT_KEY = SoftwareRootKey(bytes(range(32)))
GIVEN_KEYS = {
    (KeyPurpose.EMV_MASTER_AES, 1): bytes.fromhex(sandbox_constants.EMV_MASTER_KEY_AES),
    (KeyPurpose.EMV_MASTER_TDES, 1): bytes.fromhex(sandbox_constants.EMV_MASTER_KEY_TDES),
    (KeyPurpose.EMV_MASTER_SM4, 1): bytes.fromhex(sandbox_constants.EMV_MASTER_KEY_SM4),
    (KeyPurpose.PIN_BASE_TDES, 1): bytes.fromhex(sandbox_constants.PIN_BASE_KEY_TDES),
    (KeyPurpose.PIN_BASE_AES, 1): bytes.fromhex(sandbox_constants.PIN_BASE_KEY_AES),
}


def new_program(**changes):
    """The sandbox's program, with changes."""
    values = {
        "funding_range": PanRange(sandbox_constants.FUNDING_BIN, 16),
        "token_range": PanRange(sandbox_constants.TOKEN_BIN, 16),
        "token_requestors": sandbox_constants.token_requestors(),
        "manufacturer_roots": (sandbox_constants.manufacturer_root(),),
        "par_prefix": sandbox_constants.PAR_PREFIX,
    }
    return CardProgram(**values | changes)


def new_database_url():
    """A database of its own: in memory, or a new one on the PostgreSQL server."""
    if POSTGRESQL_URL is None:
        return "sqlite://"
    name = f"tapwright_test_{uuid.uuid4().hex}"
    _on_server(f"CREATE DATABASE {name}")
    return sa.make_url(POSTGRESQL_URL).set(database=name).render_as_string(hide_password=False)


def drop_database(url):
    """Drop a database of `new_database_url`."""
    if url.startswith("postgresql"):
        _on_server(f"DROP DATABASE {sa.make_url(url).database} WITH (FORCE)")


def _on_server(statement):
    server = sa.create_engine(sa.make_url(POSTGRESQL_URL).set(drivername="postgresql+psycopg"))
    with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(statement)
    server.dispose()


def new_vault(clock, url="sqlite://", **program_changes):
    """A vault with keys of its own."""
    database = open_database(url)
    keys = KeyRing.open(database, ROOT_KEY, GIVEN_KEYS, os.urandom)
    vault = Vault(database, keys, new_program(**program_changes), clock=clock)
    token_requestors.install(vault)
    return vault
