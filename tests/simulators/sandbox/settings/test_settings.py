"""Settings: flags before environment before file, and a bad one named in one line."""

import pytest
from pydantic import ValidationError

from simulators.cli.command_line import main
from simulators.parties import sandbox_constants
from simulators.sandbox.settings.loading import load_settings
from tests.clock import ManualClock
from tests.tokenvault.vaults import new_vault
from tokenvault.callers.caller import Scope


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_flags_beat_environment_beats_file(tmp_path, monkeypatch):
    """Each source overrides the one behind it, and leaves alone what it does not name."""
    (tmp_path / "tapwright.toml").write_text('http_port = 1\niso_port = 2\nlog_level = "error"\n')
    monkeypatch.setenv("TAPWRIGHT_HTTP_PORT", "3")
    monkeypatch.setenv("TAPWRIGHT_ISO_PORT", "4")
    settings = load_settings(http_port=5, data_dir=None)
    assert (settings.http_port, settings.iso_port, settings.log_level) == (5, 4, "error")
    assert str(settings.data_dir) == "tapwright-data"


def test_everything_listens_on_loopback_unless_told_otherwise():
    """The defaults reach nobody else."""
    settings = load_settings()
    assert (settings.http_host, settings.iso_host) == ("127.0.0.1", "127.0.0.1")


@pytest.fixture
def vault():
    """An empty vault."""
    made = new_vault(ManualClock())
    yield made
    made.database.dispose()


def test_api_keys_of_ones_own(tmp_path, vault):
    """A table of API keys replaces the public ones."""
    (tmp_path / "tapwright.toml").write_text('[api_keys]\n"own" = ["issuer"]\n')
    keys = load_settings().accepted_api_keys(vault)
    caller, limit = keys.configured("own")
    assert (caller.scopes, limit) == ({Scope.ISSUER}, None)
    assert keys.configured(sandbox_constants.ISSUER_API_KEY) is None
    assert keys.kept(sandbox_constants.ISSUER_API_KEY) is None
    assert "own" not in repr(keys) + repr(caller)


def test_reprs_show_no_key():
    """Printed settings hold neither master keys nor API keys."""
    text = repr(load_settings())
    for secret in (
        sandbox_constants.EMV_MASTER_KEY_AES,
        sandbox_constants.EMV_MASTER_KEY_TDES,
        sandbox_constants.ISSUER_API_KEY,
    ):
        assert secret not in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("http_port", "65536"),
        ("iso_port", "x"),
        ("log_level", "loud"),
        ("frame_seconds_max", "0"),
        ("emv_master_key_aes", "00"),
        ("emv_master_key_tdes", "zz" * 16),
        ("manufacturer_roots", '["nowhere.pem"]'),
        ("api_keys", '{"k": ["owner"]}'),
        ("api_keys", "no json"),
        ("pan_digits", "9"),
        ("token_bin", sandbox_constants.FUNDING_BIN),
        ("funding_bin", "12x4"),
        ("public_url", "vault.example"),
        ("public_url", "https://user@vault.example"),
        ("public_url", "https://vault.example/?v=1"),
    ],
)
def test_a_bad_setting_is_one_line(name, value, monkeypatch, capsys):
    """The line names the setting, and the exit code says that the caller was wrong."""
    monkeypatch.setenv(f"TAPWRIGHT_{name.upper()}", value)
    assert main(["serve"]) == 2
    error = capsys.readouterr().err
    assert name in error
    assert error.startswith("tapwright: setting")
    assert len(error.splitlines()) == 1


def test_a_root_that_is_no_certificate_is_named(tmp_path):
    """A PEM file with something else in it."""
    path = tmp_path / "root.pem"
    path.write_text("hello")
    with pytest.raises(ValidationError, match="contains no certificate"):
        load_settings(manufacturer_roots=[path])


def test_a_setting_that_does_not_exist_is_refused(tmp_path, capsys):
    """A misspelt name in the file is not silently lost."""
    (tmp_path / "tapwright.toml").write_text("http_prot = 1\n")
    assert main(["serve"]) == 2
    assert "http_prot" in capsys.readouterr().err
