"""``tapwright audit`` and ``keys``, TLS and mutual TLS, and the vault's database elsewhere."""

import datetime
import shutil
import ssl
from ipaddress import ip_address

import httpx
import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from simulators.cli.command_line import main
from simulators.parties import sandbox_constants
from simulators.parties.issuer_client import Issuer
from simulators.process.start_error import StartError
from simulators.sandbox.wiring import running_sandbox
from tests.conftest import settings_for
from tests.tokenvault.vaults import POSTGRESQL_URL, drop_database, new_database_url
from tokenvault.storage import schema
from tokenvault.storage.database import open_database
from tokenvault.vocabulary.errors import KeyUnavailable

ISSUER = {"Authorization": f"Bearer {sandbox_constants.ISSUER_API_KEY}"}


@pytest.fixture
def directory(tmp_path):
    """A data directory whose vault holds an account."""
    settings = settings_for(tmp_path / "data")
    with running_sandbox(settings.model_copy(update={"database": None})) as network, Issuer(network.http_url) as issuer:
        issuer.issue_card(issuer.open_account("EUR", 1_000)["id"])
    return tmp_path / "data"


def run(*arguments):
    """A verb's exit code."""
    return main([str(argument) for argument in arguments])


def test_audit_verify(directory, capsys):
    """A whole trail prints its head, which a later run finds in it; an altered entry is named."""
    assert run("audit", "verify", "--data-dir", directory) == 0
    head = capsys.readouterr().out.split("head ")[1].strip()
    assert run("audit", "verify", "--data-dir", directory, "--head", head) == 0
    capsys.readouterr()
    assert run("audit", "verify", "--data-dir", directory, "--head", "9:" + "0" * 64) == 1
    assert "the trail does not contain the head that was recorded earlier" in capsys.readouterr().err
    assert run("audit", "verify", "--data-dir", directory, "--head", "nonsense") == 1
    assert "NUMBER:DIGEST" in capsys.readouterr().err
    database = open_database(f"sqlite:///{directory / 'vault.db'}")
    with database.begin() as connection:
        connection.execute(
            sa.update(schema.audit_entries).where(schema.audit_entries.c.sequence == 2).values(actor="x")
        )
    database.dispose()
    assert run("audit", "verify", "--data-dir", directory) == 1
    assert capsys.readouterr().err == "tapwright: the audit trail breaks at entry 2: it was altered\n"


def test_no_keys_are_rewrapped_under_a_running_server(tmp_path, capsys):
    """It would go on with the root key that it has started with."""
    settings = settings_for(tmp_path / "data").model_copy(update={"database": None})
    with running_sandbox(settings):
        assert run("keys", "rewrap", "--data-dir", settings.data_dir, "--new-root-key-file", tmp_path / "new") == 1
    assert capsys.readouterr().err.endswith("data is in use by another process\n")
    assert not (tmp_path / "new").exists()


def test_keys_rewrap(directory, tmp_path, capsys):
    """The new root key opens the vault, the old one no longer does."""
    new = tmp_path / "new.key"
    assert run("keys", "rewrap", "--data-dir", directory, "--new-root-key-file", new) == 0
    assert "keys are wrapped by" in capsys.readouterr().out
    assert run("audit", "verify", "--data-dir", directory) == 1
    assert "not the one that wrapped" in capsys.readouterr().err
    assert run("audit", "verify", "--data-dir", directory, "--root-key-file", new) == 0
    settings = settings_for(directory).model_copy(update={"database": None})
    with pytest.raises(KeyUnavailable), running_sandbox(settings):
        pass
    with running_sandbox(settings.model_copy(update={"root_key_file": new})) as network:
        assert httpx.get(f"{network.http_url}/v1/cards", headers=ISSUER, trust_env=False).json()["data"]


def test_no_vault_is_one_line(tmp_path, capsys):
    """A directory without one, and a database that is not there."""
    assert run("audit", "verify", "--data-dir", tmp_path) == 1
    assert "there is no vault in" in capsys.readouterr().err
    assert run("audit", "verify", "--data-dir", tmp_path, "--database", "postgresql://u:hidden@127.0.0.1:1/x") == 1
    error = capsys.readouterr().err
    assert "hidden" not in error
    assert len(error.splitlines()) == 1


def test_the_root_key_from_the_environment(tmp_path, monkeypatch):
    """No file is made, and another key does not open what it has wrapped."""
    monkeypatch.setenv("TAPWRIGHT_ROOT_KEY", "ab" * 32)
    settings = settings_for(tmp_path / "data").model_copy(update={"database": None})
    with running_sandbox(settings):
        assert not (tmp_path / "data" / "root.key").exists()
    monkeypatch.setenv("TAPWRIGHT_ROOT_KEY", "cd" * 32)
    with (
        pytest.raises(KeyUnavailable),
        running_sandbox(settings_for(tmp_path / "data").model_copy(update={"database": None})),
    ):
        pass


@pytest.mark.skipif(POSTGRESQL_URL is None, reason="no PostgreSQL server is named; CI starts one")
def test_a_network_on_postgresql(tmp_path):
    """Nothing of the vault lies in the data directory, and a restart finds everything."""
    url = new_database_url()
    settings = settings_for(tmp_path / "data").model_copy(update={"database": SecretStr(url)})
    for _ in range(2):
        with running_sandbox(settings) as network, Issuer(network.http_url) as issuer:
            issuer.issue_card(issuer.open_account("EUR", 1_000)["id"])
    assert not (tmp_path / "data" / "vault.db").exists()
    with running_sandbox(settings) as network:
        cards = httpx.get(f"{network.http_url}/v1/cards", headers=ISSUER, trust_env=False).json()["data"]
    assert len(cards) == 2
    drop_database(url)


class Authority:
    """Issues certificates in a folder."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self.sign(self.key.public_key(), name, is_authority=True)
        (folder / f"{name}.pem").write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    @property
    def path(self):
        """Its certificate."""
        return self.folder / f"{self.name}.pem"

    def sign(self, public_key, name, is_authority=False):
        """A certificate."""
        now = datetime.datetime.now(datetime.UTC)
        common_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        issuer = common_name if is_authority else self.certificate.subject
        address = x509.IPAddress(ip_address("127.0.0.1"))
        return (
            x509.CertificateBuilder()
            .subject_name(common_name)
            .issuer_name(issuer)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([address]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def issue(self, name):
        """Files of a certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        paths = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        paths[0].write_bytes(self.sign(key.public_key(), name).public_bytes(serialization.Encoding.PEM))
        encoding = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        paths[1].write_bytes(key.private_bytes(*encoding))
        return paths


def test_tls(tmp_path):
    """With a certificate the API speaks TLS only; with authorities it lets in only who shows one of theirs."""
    ours, others = Authority(tmp_path, "ours"), Authority(tmp_path, "others")
    certificate, key = ours.issue("server")
    tls = {"tls_certificate": certificate, "tls_key": key}
    context = ssl.create_default_context(cafile=ours.path)
    with running_sandbox(settings_for(tmp_path / "data").model_copy(update=tls)) as network:
        assert network.http_url.startswith("https://")
        assert httpx.get(f"{network.http_url}/healthz", verify=context, trust_env=False).status_code == 200
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http{network.http_url[5:]}/healthz", trust_env=False)
    mutual = settings_for(tmp_path / "data").model_copy(update=tls | {"tls_client_authorities": ours.path})
    with running_sandbox(mutual) as network:
        for authority, may_enter in ((None, False), (others, False), (ours, True)):
            context = ssl.create_default_context(cafile=ours.path)
            if authority is not None:
                context.load_cert_chain(*authority.issue("client"))
            if may_enter:
                assert httpx.get(f"{network.http_url}/healthz", verify=context, trust_env=False).status_code == 200
            else:
                with pytest.raises(httpx.TransportError):
                    httpx.get(f"{network.http_url}/healthz", verify=context, trust_env=False)


def test_a_bad_certificate_is_one_line(tmp_path):
    """A file that is not there, or no certificate."""
    (tmp_path / "bad.pem").write_text("hello")
    for path in (tmp_path / "bad.pem", tmp_path / "missing.pem"):
        settings = settings_for(tmp_path / "data").model_copy(update={"tls_certificate": path, "tls_key": path})
        with pytest.raises(StartError, match="tls_certificate"), running_sandbox(settings):
            pass
    shutil.rmtree(tmp_path / "data", ignore_errors=True)
