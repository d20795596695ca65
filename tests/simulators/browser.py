"""What a browser shows: a screenshot of a page by headless Chromium, as pixels."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

NOTHING_SKIPPED = "TAPWRIGHT_TEST_BROWSER" in os.environ
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-breakpad",
)  # fmt: skip


def screenshot(page: Path, folder: Path, size: tuple[int, int] = (420, 420), *flags: str) -> Image.Image:
    """The pixels of a file in a window of some size; the test is skipped where there is no browser, but in CI."""
    if CHROMIUM is None and not NOTHING_SKIPPED:
        pytest.skip("no Chromium here; CI installs one")
    assert CHROMIUM is not None, "TAPWRIGHT_TEST_BROWSER is set, and there is no Chromium"
    picture = folder / f"{page.name}.png"
    command = [CHROMIUM, *_FLAGS, *flags, f"--user-data-dir={folder / 'profile'}", f"--window-size={size[0]},{size[1]}"]
    command += [f"--screenshot={picture}", page.resolve().as_uri()]
    subprocess.run(command, check=True, timeout=120, stdin=subprocess.DEVNULL, capture_output=True)
    with Image.open(picture) as image:
        return image.convert("RGB")
