"""Whether the engine is compiled is known without the compiler, and never said where it is not."""

import subprocess
import sys
from pathlib import Path

import pytest

from authz.network import warmth


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch):
    """A machine with machine code in a folder, of which nothing is noted yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("NUMBA_DISABLE_JIT", raising=False)
    folder = tmp_path / "machine-code"
    folder.mkdir()
    (folder / "apply.nbc").write_bytes(b"")
    return folder


def test_it_is_warm_when_that_was_noted(kept):
    """And while the machine code is there."""
    assert not warmth.is_warm()
    warmth.note_warm(str(kept))
    assert warmth.is_warm()
    (kept / "apply.nbc").unlink()
    assert not warmth.is_warm()


def test_machine_code_that_is_not_kept_makes_nothing_warm():
    """As where the cache folder cannot be written: every start compiles."""
    warmth.note_warm("")
    assert not warmth.is_warm()


@pytest.mark.parametrize("change", ["sources", "numba", "setting"])
def test_what_shapes_the_machine_code_counts(kept, change, monkeypatch, tmp_path):
    """Another version of the engine, of the compiler, or another setting of it: compiled anew, and said so."""
    sources = tmp_path / "authz"
    (sources / "kernel").mkdir(parents=True)
    (sources / "kernel" / "passes.py").write_text("1")
    monkeypatch.setattr(warmth, "_PACKAGE", sources)
    warmth.note_warm(str(kept))
    assert warmth.is_warm()
    match change:
        case "sources":
            (sources / "kernel" / "passes.py").write_text("2")
        case "numba":
            monkeypatch.setattr(warmth.metadata, "version", lambda _name: "0.0")
        case "setting":
            monkeypatch.setenv("NUMBA_CPU_NAME", "another")
    assert not warmth.is_warm()


def test_a_cache_that_cannot_be_written_is_no_error(monkeypatch, tmp_path, kept):
    """The note is a convenience."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    warmth.note_warm(str(kept))
    assert not warmth.is_warm()


def test_interpreted_code_needs_no_compiling(monkeypatch):
    """Under NUMBA_DISABLE_JIT=1 nothing is announced."""
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    assert warmth.is_warm()


def test_it_needs_no_compiler():
    """Its only use is to be quicker than that."""
    program = "import sys; from authz.network.warmth import is_warm; is_warm(); print('numba' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[3], capture_output=True, text=True, check=True
    )
    assert run.stdout == "False\n"
