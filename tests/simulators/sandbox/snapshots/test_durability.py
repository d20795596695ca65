"""What a power loss may not take: what is put back, and what a snapshot says of itself."""

import os
from pathlib import Path

import pytest

from simulators.sandbox.snapshots import putting_back
from simulators.sandbox.snapshots.snapshot_files import Manifest, SnapshotFolder


@pytest.fixture
def synced(monkeypatch):
    """What was in each file or folder when it was made durable last."""
    contents = {}

    def sync(descriptor):
        path = Path(f"/proc/self/fd/{descriptor}").resolve()
        contents[path] = path.read_bytes() if path.is_file() else sorted(each.name for each in path.iterdir())

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "fdatasync", sync)
    return contents


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="paths of descriptors are told by Linux only")
def test_what_is_put_back_is_written_first(tmp_path, synced):
    """With its name: an empty file means that nothing was changed. One that an earlier failure left is replaced."""
    for name in ("prepared", "another"):
        putting_back.begin(tmp_path, name)
        assert synced[tmp_path / "putting-back"] == name.encode()
        assert synced[tmp_path] == ["putting-back"]
        assert (tmp_path / "putting-back").stat().st_mode & 0o077 == 0
    putting_back.end(tmp_path)
    assert synced[tmp_path] == []


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="paths of descriptors are told by Linux only")
def test_a_manifest_is_written_for_good(tmp_path, synced):
    """Before its folder gets the name of the snapshot, perhaps in place of another."""
    folder, manifest = SnapshotFolder(tmp_path), Manifest("prepared", 1.0, "00", 1, "00", 1.0, False, 1, {})
    folder.write_manifest(manifest)
    assert synced[tmp_path / "manifest.json"] == (tmp_path / "manifest.json").read_bytes()
    assert folder.manifest == manifest
