"""Vaults for tests: the sandbox's program on a database in memory."""

import os

from simulators import test_values
from tokenvault.database import open_database
from tokenvault.keys import KeyPurpose, KeyRing
from tokenvault.pan import PanRange
from tokenvault.program import Program, TokenRequestor
from tokenvault.vault import Vault

ROOT_KEY = bytes(range(32))
MASTER_KEYS = {
    (KeyPurpose.EMV_MASTER_AES, 1): bytes.fromhex(test_values.EMV_MASTER_KEY_AES),
    (KeyPurpose.EMV_MASTER_TDES, 1): bytes.fromhex(test_values.EMV_MASTER_KEY_TDES),
}


def new_program(**changes):
    """The sandbox's program, with changes."""
    values = {
        "funding_range": PanRange(test_values.FUNDING_BIN, 16),
        "token_range": PanRange(test_values.TOKEN_BIN, 16),
        "token_requestors": (TokenRequestor(test_values.TOKEN_REQUESTOR_ID, "Wallet", frozenset({"contactless"})),),
        "manufacturer_roots": (test_values.manufacturer_root(),),
        "par_prefix": test_values.PAR_PREFIX,
    }
    return Program(**values | changes)


def new_vault(clock, url="sqlite://", **program_changes):
    """A vault with keys of its own."""
    database = open_database(url)
    keys = KeyRing.open(database, ROOT_KEY, MASTER_KEYS, os.urandom)
    return Vault(database, keys, new_program(**program_changes), clock=clock)
