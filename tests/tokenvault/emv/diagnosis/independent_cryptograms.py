"""Cryptograms written from the standards alone: with `pyemv` for TDES, on elementary operations for AES and SM4.

Nothing here comes from the packages under test.
"""

import hashlib

import pyemv
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from pyemv.ac import PaddingType
from pyemv.tools import adjust_key_parity, encrypt_tdes_ecb

ORDER = ("9F02", "9F03", "9F1A", "95", "5F2A", "9A", "9C", "9F37", "82", "9F36")
"""EMV Book 2, table 26."""
RESULTS_ONLY = {"VSDC CVN 10": slice(3, 7), "PBOC CVN 01": slice(3, 7)}
M_CHIP_COUNTERS = ("M/Chip CVN 17", "M/Chip CVN 21")


def exclusive_or(left, right):
    """Byte by byte."""
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def encrypt(algorithm, data):
    """Blocks one by one."""
    return Cipher(algorithm, modes.ECB()).encryptor().update(data)


def aes_cmac(key, data):
    """RFC 4493, by its own steps."""

    def doubled(block):
        number = int.from_bytes(block, "big") << 1
        return (number ^ (0x87 if number >> 128 else 0)).to_bytes(17, "big")[1:]

    first = doubled(encrypt(algorithms.AES(key), bytes(16)))
    blocks = [data[start : start + 16] for start in range(0, len(data), 16)] or [b""]
    if len(blocks[-1]) == 16:
        blocks[-1] = exclusive_or(blocks[-1], first)
    else:
        blocks[-1] = exclusive_or((blocks[-1] + b"\x80").ljust(16, b"\0"), doubled(first))
    return chained(algorithms.AES(key), blocks)


def sm4_cbc_mac(key, data):
    """ISO/IEC 9797-1, algorithm 1 with padding method 2."""
    padded = data + b"\x80"
    padded += bytes(-len(padded) % 16)
    return chained(algorithms.SM4(key), [padded[start : start + 16] for start in range(0, len(padded), 16)])


def chained(algorithm, blocks):
    """CBC from a zero block; the last one."""
    state = bytes(16)
    for block in blocks:
        state = encrypt(algorithm, exclusive_or(state, block))
    return state


def covered(profile, tags):
    """The input of a profile's cryptogram."""
    data = tags["9F10"]
    if profile in RESULTS_ONLY:
        part = data[RESULTS_ONLY[profile]]
    elif profile.startswith("M/Chip"):
        part = data[2:8] + (data[-8:] if profile in M_CHIP_COUNTERS else b"")
    else:
        part = data
    return b"".join(tags[tag] for tag in ORDER) + part


def tdes(profile, issuer_key, pan, psn, index, tags, answer):
    """Card key, limited-use key, session key, ARQC and ARPC of a TDES profile, by `pyemv`."""
    option_b = profile in ("VSDC CVN 18", "VSDC CVN 22")
    card_key = (pyemv.kd.derive_icc_mk_b if option_b else pyemv.kd.derive_icc_mk_a)(issuer_key, pan, psn)
    atc, limited = tags["9F36"], None
    if index is not None:  # of the publicly documented cloud-based payments
        limited = encrypt_tdes_ecb(card_key, b"".join(bytes.fromhex(f"{half}{index}80000000") for half in (1, 2)))
    if profile in ("VSDC CVN 10", "Tapwright LUK TDES"):
        session_key = limited or card_key
    elif profile in ("M/Chip CVN 16", "M/Chip CVN 17", "Interac CVN 133"):
        session_key = pyemv.kd.derive_common_sk(card_key, atc + bytes(2) + tags["9F37"])
    elif profile == "PBOC CVN 01":
        complement = exclusive_or(atc, b"\xff\xff")
        session_key = encrypt_tdes_ecb(card_key, bytes(6) + atc + bytes(6) + complement)
    else:
        session_key = pyemv.kd.derive_common_sk(card_key, atc + bytes(6))
    padding = PaddingType.VISA if profile == "VSDC CVN 10" else PaddingType.EMV
    arqc = pyemv.ac.generate_ac(session_key, covered(profile, tags), padding)
    if len(answer) == 4:
        arpc = pyemv.ac.generate_arpc_2(session_key, arqc, answer)
    else:
        with_card_key = profile in ("VSDC CVN 10", "M/Chip CVN 16", "M/Chip CVN 17")
        arpc = pyemv.ac.generate_arpc_1(card_key if with_card_key else session_key, arqc, answer)
    return card_key, limited, session_key, arqc, arpc


def aes(profile, issuer_key, pan, psn, index, tags, answer):
    """The same of an AES profile (EMV Book 2, A1.4.3, A1.3.1, 8.1.2, 8.2.2)."""
    left = bytes.fromhex((pan + psn).rjust(32, "0"))
    card_key = encrypt(algorithms.AES(issuer_key), left)
    limited = None
    if index is not None:
        limited = encrypt(algorithms.AES(card_key), bytes.fromhex(f"1{index}80".ljust(32, "0")))
    session_key = limited or encrypt(algorithms.AES(card_key), tags["9F36"] + bytes(14))
    arqc = aes_cmac(session_key, covered(profile, tags))[:8]
    return card_key, limited, session_key, arqc, aes_cmac(session_key, arqc + answer)[:4]


def sm4(profile, issuer_key, pan, psn, _index, tags, answer):
    """The same of the SM4 profile, as docs/wire.md describes it."""
    digits = pan + psn
    packed = bytes.fromhex(digits if len(digits) % 2 == 0 else f"0{digits}")
    card_key = encrypt(algorithms.SM4(issuer_key), hashlib.new("sm3", packed).digest()[:16])
    session_key = encrypt(algorithms.SM4(card_key), tags["9F36"] + bytes(14))
    arqc = sm4_cbc_mac(session_key, covered(profile, tags))[:8]
    return card_key, None, session_key, arqc, sm4_cbc_mac(session_key, arqc + answer)[:4]


def same_des_key(left, right):
    """Whether two keys are the same but for their parity, which DES ignores."""
    return adjust_key_parity(left) == adjust_key_parity(right)


BY_CIPHER = {"TDES": tdes, "AES": aes, "SM4": sm4}
