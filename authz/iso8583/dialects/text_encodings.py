"""EBCDIC code page 1047, which mainframes and jPOS use and Python lacks; importing this registers it.

It is code page 37 with three pairs of characters and the two line ends changed about (IBM, CDRA, code page 01047).
"""

import codecs
from typing import Any

CODE_PAGE_1047 = "cp1047"
_CHANGED_ABOUT = ((0x15, 0x25), (0x5F, 0xB0), (0xAD, 0xBA), (0xBD, 0xBB))


def _decoding_table() -> str:
    table = list(bytes(range(256)).decode("cp037"))
    for one, other in _CHANGED_ABOUT:
        table[one], table[other] = table[other], table[one]
    return "".join(table)


_DECODING = _decoding_table()
_ENCODING = codecs.charmap_build(_DECODING)


def _encode(text: str, errors: str = "strict") -> tuple[bytes, int]:
    return codecs.charmap_encode(text, errors, _ENCODING)


def _decode(data: Any, errors: str = "strict") -> tuple[str, int]:
    return codecs.charmap_decode(bytes(data), errors, _DECODING)


def _search(name: str) -> codecs.CodecInfo | None:
    return codecs.CodecInfo(_encode, _decode, name=name) if name in (CODE_PAGE_1047, "ibm1047") else None


codecs.register(_search)
