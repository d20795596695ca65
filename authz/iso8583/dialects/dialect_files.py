"""Dialects in files: field tables as JSON, and XML of jPOS's generic packager."""

import json
from pathlib import Path

from authz.iso8583.dialects.fields import Dialect, DialectError, built_in
from authz.iso8583.dialects.jpos_packager import dialect_of_packager


def read_dialect(path: Path) -> Dialect:
    """A dialect from a file: JSON in the shape of a `pyiso8583` spec, or XML of jPOS's generic packager.

    Raises: DialectError naming the file and the entry.
    """
    try:
        if path.suffix == ".xml":
            return dialect_of_packager(path.stem, path.read_bytes())
        table = json.loads(path.read_text())
        if not isinstance(table, dict):
            raise DialectError("is not a JSON object of fields")
        return Dialect.of(path.stem, table)
    except OSError as error:
        raise DialectError(f"{path}: {error.strerror}") from None
    except RecursionError:
        raise DialectError(f"{path}: is nested too deeply") from None
    except ValueError as error:
        raise DialectError(f"{path}: {error}") from None


def dialect_named(name: str) -> Dialect:
    """A built-in dialect by its name, or one in a file by its path. Raises: DialectError."""
    return read_dialect(Path(name)) if name.endswith((".json", ".xml")) else built_in(name)
