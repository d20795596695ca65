"""Published test vectors, read from ``tests/vectors``."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "vectors"


def rows(name: str, **wanted: Any) -> list[dict[str, Any]]:
    """The rows of one vector file whose keys have the wanted values."""
    vectors = json.loads((FOLDER / f"{name}.json").read_text())["vectors"]
    return [row for row in vectors if all(row.get(key) == value for key, value in wanted.items())]


def octets(row: dict[str, Any], key: str) -> bytes:
    """One hexadecimal value of a row as bytes."""
    return bytes.fromhex(row[key])
