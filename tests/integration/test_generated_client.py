"""A client that `openapi-python-client` makes from the OpenAPI document: made without a warning, and it pays."""

import importlib
import json
import subprocess
import sys
from collections import Counter
from types import ModuleType

import httpx
import pytest

from simulators.parties.sandbox_constants import ISSUER_API_KEY, WALLET_API_KEY
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.terminals.terminal import Terminal
from simulators.wallet.phone import Phone

PACKAGE = "tapwright_generated_client"


@pytest.fixture(scope="module")
def vendor_sandbox():
    """A network with the vendor APIs, whose operations are in the same document."""
    with scratch_sandbox(vendor_apis=True) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def document(vendor_sandbox):
    """The OpenAPI document with everything in it."""
    return httpx.get(f"{vendor_sandbox.http_url}/openapi.json", trust_env=False).json()


@pytest.fixture(scope="module")
def generated(document, tmp_path_factory):
    """The client's package, made afresh. Whatever the generator would leave out fails here."""
    folder = tmp_path_factory.mktemp("generated")
    (folder / "openapi.json").write_text(json.dumps(document))
    (folder / "generator.yaml").write_text("post_hooks: []\n")  # no formatting: nobody reads it
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none", "--fail-on-warning"]
    options = ["--path", "openapi.json", "--config", "generator.yaml", "--output-path", PACKAGE]
    made = subprocess.run([*command, *options], cwd=folder, capture_output=True, text=True, timeout=120)
    assert made.returncode == 0, made.stdout + made.stderr
    assert "warning" not in (made.stdout + made.stderr).lower()
    sys.path.insert(0, str(folder))
    yield importlib.import_module(PACKAGE)
    sys.path.remove(str(folder))


def _operation(tag: str, name: str) -> ModuleType:
    return importlib.import_module(f"{PACKAGE}.api.{tag}.{name}")


class _GeneratedWallet(Phone):
    """A phone whose calls go through the generated client; key, proofs and taps are its own."""

    def __init__(self, sandbox, models):
        super().__init__(sandbox.http_url, name="A generated wallet")
        client = importlib.import_module(PACKAGE).AuthenticatedClient
        self._client = client(sandbox.http_url, WALLET_API_KEY, httpx_args={"trust_env": False})
        self._models = models

    def close(self):
        """Hang up twice: the phone's own connection was never used."""
        self._client.get_httpx_client().close()
        super().close()

    def call(self, method, path, body=None):
        """One of the three calls that provisioning takes."""
        proof = {"client": self._client, "d_po_p": self.proof(method, path)}
        if path == "/v1/devices":
            request = self._models.DeviceRequest.from_dict(body)
            answer = _operation("devices", "register_device").sync(body=request, **proof)
        elif path == "/v1/tokens":
            request = self._models.TokenRequest.from_dict(body)
            answer = _operation("tokens", "request_token").sync(body=request, **proof)
        else:
            answer = _operation("tokens", "activate_token").sync(path.split("/")[3], **proof)
        assert not isinstance(answer, self._models.Problem), answer
        return answer.to_dict()


def test_a_generated_client_provisions_and_pays(generated, vendor_sandbox):
    """From an account to the explanation of a tap, every HTTP call by generated code."""
    models = importlib.import_module(f"{PACKAGE}.models")
    issuer = generated.AuthenticatedClient(vendor_sandbox.http_url, ISSUER_API_KEY, httpx_args={"trust_env": False})
    account = _operation("accounts", "open_account").sync(
        client=issuer, body=models.AccountRequest(currency="EUR", credit_limit=250_000)
    )
    card = _operation("cards", "issue_card").sync(client=issuer, body=models.CardRequest(account_id=account.id))
    phone = _GeneratedWallet(vendor_sandbox, models)
    phone.provision(card.id)
    terminal = Terminal(vendor_sandbox.iso_address)
    receipt = terminal.pay(phone, 1250, "EUR")
    assert receipt.approved
    why = _operation("authorizations", "read_authorization").sync(receipt.authorization_id, client=issuer)
    assert (why.reason, why.amount, why.token_id) == ("approved", 1250, phone.token_id)
    assert _operation("accounts", "read_account").sync(account.id, client=issuer).held == 1250
    frozen = _operation("cards", "freeze_card").sync(card.id, client=issuer)
    assert frozen.state == "frozen"
    assert terminal.pay(phone, 100, "EUR").response_code == "62"
    terminal.close()
    phone.close()
    issuer.get_httpx_client().close()


def test_no_view_is_lost_to_a_generator(generated, document):
    """Every schema of the document is a class of the client: none shares its name with another."""
    models = importlib.import_module(f"{PACKAGE}.models")
    for schema in document["components"]["schemas"].values():
        assert hasattr(models, schema["title"]), schema["title"]


def test_schema_names_are_unique_and_plain(document):
    """No module path, no Input and Output, and each title once."""
    schemas = document["components"]["schemas"]
    titles = Counter(schema["title"] for schema in schemas.values())
    assert [title for title, count in titles.items() if count > 1] == []
    assert [title for title in titles if not title.isalnum()] == []
    assert [name for name in schemas if "__" in name or "-" in name or name.startswith("_")] == []


def test_operation_ids_are_short_and_unique(document):
    """Named for what they do; the vendors' shapes carry the vendor's name."""
    found = [each["operationId"] for methods in document["paths"].values() for each in methods.values()]
    assert len(found) == len(set(found))
    assert {"open_account", "freeze_card", "request_token", "activate_token", "read_authorization"} <= set(found)
    assert [each for each in found if "v1" in each or "__" in each or len(each) > 45] == []
