"""Two tenants, and every operation of the API tried by the one on every object of the other.

What is not yours is not there: the answer is the same as for an identifier that nobody has.
"""

import re
import time
from urllib.parse import urlencode

import httpx
import pytest
from joserfc import jwe
from joserfc.jwk import ECKey

from authz.history.explanations import Explanations
from simulators.parties import sandbox_constants
from simulators.parties.issuer_client import Issuer
from simulators.sandbox.settings.loading import scratch_settings
from simulators.sandbox.wiring import running_sandbox
from simulators.terminals.terminal import Terminal
from simulators.wallet.phone import Phone
from tokenvault.vocabulary.identifiers import Prefix, to_text

OPERATOR = {"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"}
NETWORK = {"Authorization": f"Bearer {sandbox_constants.NETWORK_API_KEY}"}
IDENTIFIER = re.compile(rf"\b(?:{'|'.join(Prefix)})_[0-9A-HJKMNP-TV-Z]{{13}}(?:[A-Z][0-9]+)?\b|\b999\d{{8}}\b")
"""Anything that names an object: an identifier, or a token requestor's 11 digits."""
REQUESTOR = "requestor"

PUBLIC = {
    ("GET", "/v1/products"),
    ("GET", "/v1/provisioning_policy"),
    ("GET", "/v1/product_art.svg"),
    ("GET", "/v1/encryption_keys"),
    ("GET", "/v1/test_vectors"),
}
"""The same for everybody."""
MADE_FOR_ONESELF = {
    ("POST", "/v1/customers"),
    ("POST", "/v1/accounts"),
    ("PUT", "/v1/application_policy"),
    ("POST", "/v1/devices"),
    ("POST", "/v1/webhook_endpoints"),
}
"""What they make belongs to whoever calls, and they name nothing of anybody's."""
DIRECTORY = {"/v1/token_requestors", "/v1/token_requestors/{requestor_id}"}
"""Who asks for tokens is no secret among issuers; a wallet sees its own."""
LISTED = {
    "/v1/customers": Prefix.CUSTOMER,
    "/v1/applications": Prefix.APPLICATION,
    "/v1/accounts": Prefix.ACCOUNT,
    "/v1/cards": Prefix.CARD,
    "/v1/devices": Prefix.DEVICE,
    "/v1/tokens": Prefix.TOKEN,
    "/v1/events": Prefix.EVENT,
    "/v1/webhook_endpoints": Prefix.WEBHOOK_ENDPOINT,
    "/v1/webhook_deliveries": Prefix.WEBHOOK_DELIVERY,
    "/v1/keys/rotations": Prefix.KEY_ROTATION,
    "/v1/api_keys": Prefix.API_KEY,
    "/v1/simulations/phones": Prefix.SIMULATED_PHONE,
    "/v1/simulations/terminals": Prefix.SIMULATED_TERMINAL,
    "/v1/simulations/frames": Prefix.FRAME,
    "/v1/simulations/requests": Prefix.REQUEST,
}
"""What each list is a list of."""
BY_POSITION = {
    "/v1/authorizations",
    "/v1/transactions",
    "/v1/exceptions",
    "/v1/tokens/{token_id}/transactions",
    "/v1/accounts/{account_id}/payments",
    "/v1/accounts/{account_id}/plans",
    "/v1/accounts/{account_id}/cases",
    "/v1/cases",
}
"""Lists of the journal: what they start after is a place in it, whosever it is."""
BODIES = {
    ("POST", "/v1/tokens"): {"replaces": "tok_05F1V9D8S3KYA"},
    ("POST", "/v1/tokens/{token_id}/verification/confirm"): {"method": "call_centre"},
}
"""What the examples leave out, or have for another case."""
FIELDS = {"token_requestor_id", "tokenRequestorId", "replaces"}
"""What is refused as a field (422), known to the service or not."""
HELD = ("wallet", "issuer")
"""The scopes of a tenant's keys."""


class Tenant:
    """An issuer and a wallet of one name, on somebody's network, with one of everything."""

    def __init__(self, network, name):
        self.name, self.network = name, network
        self._http = httpx.Client(base_url=network.http_url, trust_env=False)
        self.secrets = {scope: self._key(scope) for scope in HELD}
        self.issuer = Issuer(network.http_url, self.secrets["issuer"])
        self.phone = Phone(network.http_url, api_key=self.secrets["wallet"])
        self.objects = {REQUESTOR: self._requestor("wallet", ["contactless"])}
        self.objects[Prefix.WEBHOOK_ENDPOINT] = self._endpoint()
        self._live()

    def _key(self, scope):
        body = {"name": f"{self.name} {scope}", "scopes": [scope], "tenant": self.name}
        return self.operator("POST", "/v1/api_keys", body)["secret"]

    def operator(self, method, path, body=None):
        """What the operator is answered."""
        return _answered(self._http.request(method, path, json=body, headers=OPERATOR))

    def call(self, scope, method, path, body=None):
        """A call with one of its keys, signed by its phone."""
        headers = {"Authorization": f"Bearer {self.secrets[scope]}"}
        if scope == "wallet":
            headers["DPoP"] = self.phone.proof(method, path.partition("?")[0])
        return self._http.request(method, path, json=body, headers=headers)

    def _requestor(self, kind, channels):
        body = {"name": self.name, "kind": kind, "domain": {"channels": channels}, "tenant": self.name}
        if kind == "merchant":
            body["domain"]["merchant_id"] = "SHOP00000000001"
        return _answered(self._http.post("/v1/token_requestors", json=body, headers=NETWORK))["id"]

    def _endpoint(self):
        body = {"url": "http://127.0.0.1:9/nobody", "event_types": ["card.issued", "token.activated"]}
        return _answered(self.call("wallet", "POST", "/v1/webhook_endpoints", body))["id"]

    def _live(self):
        objects = self.objects
        customer = {
            "identity_document": {"kind": "passport", "country": "156", "number": "force_in_review"},
            "birth_date": "1990-05-17",
        }
        objects[Prefix.CUSTOMER] = self.issuer.call("POST", "/v1/customers", customer)["id"]
        application = {"customer_id": objects[Prefix.CUSTOMER], "product": 1, "channel": "app", "city": "Shanghai"}
        objects[Prefix.APPLICATION] = self.issuer.call("POST", "/v1/applications", application)["id"]
        objects[Prefix.ACCOUNT] = self.issuer.open_account("EUR", 100_000, product=1)["id"]
        objects[Prefix.CARD] = self.issuer.issue_card(objects[Prefix.ACCOUNT])["id"]
        self.spare_card = self.issuer.issue_card(objects[Prefix.ACCOUNT])["id"]
        self.phone.provision(objects[Prefix.CARD], token_requestor_id=objects[REQUESTOR])
        objects[Prefix.DEVICE], objects[Prefix.TOKEN] = self.phone.device_id, self.phone.token_id
        terminal = Terminal(self.network.iso_address)
        receipt = terminal.pay(self.phone, 1_250)
        assert receipt.approved
        objects[Prefix.AUTHORIZATION] = receipt.authorization_id
        assert terminal.complete(receipt, 1_250).approved
        terminal.close()
        posted = self.issuer.call("GET", "/v1/transactions")["data"]
        objects[Prefix.TRANSACTION] = posted[0]["id"]
        paid = self.issuer.call("POST", f"/v1/accounts/{objects[Prefix.ACCOUNT]}/payments", {"amount": 250})
        objects[Prefix.PAYMENT] = paid["id"]
        split = {"purchase": objects[Prefix.TRANSACTION], "months": 12}
        plan = self.issuer.call("POST", f"/v1/accounts/{objects[Prefix.ACCOUNT]}/plans", split)
        objects[Prefix.PLAN] = plan["id"]
        self.operator(
            "POST", "/v1/simulations/forced_declines", {"reason": "refer_to_issuer", "token_id": objects[Prefix.TOKEN]}
        )
        terminal = Terminal(self.network.iso_address)
        assert not terminal.pay(self.phone, 1_250).approved
        terminal.close()
        objects[Prefix.CASE] = self.issuer.call("GET", "/v1/cases")["data"][0]["id"]
        objects[Prefix.EVENT] = _answered(self.call("wallet", "GET", "/v1/events"))["data"][0]["id"]
        deliveries = _answered(self.call("wallet", "GET", "/v1/webhook_deliveries"))["data"]
        objects[Prefix.WEBHOOK_DELIVERY] = deliveries[0]["id"]

    def token_on_file(self):
        """A merchant's token, whose cryptograms the vault makes."""
        body = {
            "card_id": self.objects[Prefix.CARD],
            "token_requestor_id": self._requestor("merchant", ["e_commerce"]),
            "location": "remote",
        }
        return _answered(self.call("wallet", "POST", "/v1/tokens", body))["id"]

    def sealed_pin(self):
        """A PIN as an issuer sends it."""
        key = ECKey.import_key(self.issuer.call("GET", "/v1/encryption_keys")["keys"][0])
        algorithms = {"alg": "ECDH-ES", "enc": "A256GCM"}
        return jwe.encrypt_compact(algorithms, b'{"pin": "1234"}', key, algorithms=list(algorithms.values()))

    def everything(self):
        """All that its own keys and the operator see of it."""
        paths = {
            Prefix.CUSTOMER: "/v1/customers/{}",
            Prefix.APPLICATION: "/v1/applications/{}",
            Prefix.ACCOUNT: "/v1/accounts/{}",
            Prefix.CARD: "/v1/cards/{}",
            Prefix.DEVICE: "/v1/devices/{}",
            Prefix.TOKEN: "/v1/tokens/{}",
            Prefix.TRANSACTION: "/v1/transactions/{}",
            Prefix.PAYMENT: "/v1/payments/{}",
            Prefix.PLAN: "/v1/plans/{}",
        }
        seen = {path: self.operator("GET", path.format(self.objects[prefix])) for prefix, path in paths.items()}
        seen["endpoints"] = _answered(self.call("wallet", "GET", "/v1/webhook_endpoints"))
        seen["events"] = _answered(self.call("wallet", "GET", "/v1/events?limit=100"))
        return seen

    def close(self):
        """Hang up."""
        self._http.close()
        self.issuer.close()
        self.phone.close()


def _answered(response):
    assert response.is_success, response.text
    return response.json()


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A network with everything mounted."""
    settings = scratch_settings(tmp_path_factory.mktemp("tenants") / "data", vendor_apis=True)
    with running_sandbox(settings) as running:
        yield running


@pytest.fixture(scope="module")
def ada(network):
    """A tenant with one of everything."""
    made = Tenant(network, "ada")
    yield made
    made.close()


@pytest.fixture(scope="module")
def bob(network):
    """Another."""
    made = Tenant(network, "bob")
    yield made
    made.close()


class Document:
    """The OpenAPI document, and requests that are made of its examples."""

    def __init__(self, network):
        self._told = httpx.get(f"{network.http_url}/openapi.json").json()

    def operations(self):
        """Each operation: method, path, and what the document says of it."""
        for path, operations in self._told["paths"].items():
            if path == "/v1/stream":  # it has no end: `tests/integration/test_stream.py` has two tenants listen
                continue
            for method, told in operations.items():
                yield method.upper(), path, told

    def request(self, method, path, told):
        """An operation's parameters by their names, and a body, as the examples have them; only queries that name."""
        parameters = {"path": {}, "query": {}}
        for parameter in told.get("parameters", []):
            if parameter["in"] in parameters:
                example = str(self._example(parameter["schema"]))
                if parameter["in"] == "path" or IDENTIFIER.search(example):
                    parameters[parameter["in"]][parameter["name"]] = example
        if path in BY_POSITION:
            parameters["query"].pop("starting_after", None)
        elif "starting_after" in parameters["query"]:
            parameters["query"]["starting_after"] = to_text(LISTED[path], 1)
        content = told.get("requestBody", {}).get("content", {}).get("application/json")
        body = None if content is None else self._example(content["schema"])
        return parameters["path"], parameters["query"], body if body is None else body | BODIES.get((method, path), {})

    def _example(self, schema):
        if "$ref" in schema:
            return self._example(self._told["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
        if schema.get("properties"):
            examples = {name: self._example(each) for name, each in schema["properties"].items()}
            return {name: value for name, value in examples.items() if value is not None}
        if schema.get("examples"):
            return schema["examples"][0]
        for alternatives in ("anyOf", "allOf", "oneOf"):
            if alternatives in schema:
                return self._example(schema[alternatives][0])
        return schema.get("enum", [schema.get("default", "")])[0]


def _named(told, objects):
    """The same with somebody's objects in place of the examples' identifiers."""

    def replaced(found):
        name = REQUESTOR if found[0].isdigit() else Prefix(found[0].partition("_")[0])
        return objects.get(name, found[0])

    if isinstance(told, dict):
        return {key: _named(value, objects) for key, value in told.items()}
    if isinstance(told, list):
        return [_named(value, objects) for value in told]
    return IDENTIFIER.sub(replaced, told) if isinstance(told, str) else told


def _nobodys(tenant):
    """Names of nothing, for all that a tenant has names of."""
    return {kind: "99900099999" if kind == REQUESTOR else to_text(kind, 2**62 + 12345) for kind in tenant.objects}


def _masked(response):
    """What an answer says, whatever identifiers it repeats, and whenever it was made."""
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", IDENTIFIER.sub("NAME", response.text))
    return response.status_code, text


def _variants(told, own, others):
    """Path parameters, query and body, in which one thing alone is named that is another's, the rest one's own."""
    named, mine = _named(list(told), others), _named(list(told), own)
    for place, part in enumerate(told):
        for name in part or {}:
            if part[name] is not None and named[place][name] != mine[place][name]:
                # Of queries one at a time: the others would narrow the list.
                changed = {name: named[place][name]} if place == 1 else mine[place] | {name: named[place][name]}
                yield name, [changed if each == place else (None if each == 1 else mine[each]) for each in range(3)]


def _sent(tenant, scope, method, path, request):
    parameters, query, body = request
    return tenant.call(scope, method, path.format(**parameters) + (f"?{urlencode(query)}" if query else ""), body)


def test_every_operation_on_everything_of_somebody_else(network, ada, bob):
    """As if it were not there, and nothing of it changes. What makes nothing of one's own must name something."""
    before, document = ada.everything(), Document(network)
    tried = sum(
        _attack(document, scope, method, path, told, ada, bob)
        for method, path, told in document.operations()
        for scope in HELD
    )
    assert tried > 80
    assert ada.everything() == before


def _attack(document, scope, method, path, told, ada, bob):
    """Try one operation with one of Bob's keys on each of Ada's objects; returns how many could be tried."""
    request = document.request(method, path, told)
    if scope == "issuer" and path in DIRECTORY:
        return 0
    if request[2] is not None and "initiator" in request[2]:
        request[2].update(initiator=scope, reason="other")
    if path.endswith("/pin"):
        request[2]["sealed_pin"] = ada.sealed_pin()
    own = bob.objects | {Prefix.CARD: bob.spare_card}
    theirs, nobodys = (list(_variants(request, own, objects)) for objects in (ada.objects, _nobodys(ada)))
    if not theirs and (method, path) not in PUBLIC | MADE_FOR_ONESELF:
        assert method == "GET" or _lacks_scope(_sent(bob, scope, method, path, request)), f"{scope}: {method} {path}"
    for (name, with_theirs), (_, with_nobodys) in zip(theirs, nobodys, strict=True):
        answer = _sent(bob, scope, method, path, with_theirs)
        if _lacks_scope(answer):
            return 0
        place = f"{scope}: {method} {path}, {name}: {answer.status_code} {answer.text[:300]}"
        assert answer.status_code in ((200, 404) if method == "GET" else (404, 422)), place
        assert answer.status_code != 422 or name in FIELDS, place
        assert _masked(answer) == _masked(_sent(bob, scope, method, path, with_nobodys)), place
        assert ada.name not in answer.text, place
    if method == "GET" and not request[0]:
        shown = bob.call(scope, "GET", path).text
        assert not any(identifier in shown for identifier in ada.objects.values()), f"{scope}: {path}"
    return len(theirs)


def _lacks_scope(answer):
    return answer.status_code == 403


def test_lists_show_ones_own(ada, bob):
    """Each list has something of each tenant, and nothing of the other."""
    lists = {
        "issuer": (
            "customers",
            "applications",
            "accounts",
            "cards",
            "tokens",
            "devices",
            "authorizations",
            "transactions",
            "events",
        ),
        "wallet": ("tokens", "devices", "token_requestors", "events", "webhook_endpoints", "webhook_deliveries"),
    }
    for scope, names in lists.items():
        for name in names:
            own, others = (_answered(each.call(scope, "GET", f"/v1/{name}"))["data"] for each in (ada, bob))
            assert own, f"{scope}: {name}"
            assert others, f"{scope}: {name}"
            assert not {each["id"] for each in own} & {each["id"] for each in others}, f"{scope}: {name}"


def test_no_cryptograms_for_somebody_elses_token_on_file(ada, bob):
    """A merchant's token signs for its own wallet, and for nobody else."""
    path, body = f"/v1/tokens/{ada.token_on_file()}/cryptograms", {"amount": 999, "currency": "EUR", "country": "276"}
    assert bob.call("wallet", "POST", path, body).status_code == 404
    assert ada.call("wallet", "POST", path, body).is_success


def test_a_card_is_named_by_its_identifier_in_its_own_house_only(ada, bob):
    """Another's wallet takes the issuer's signed payload; the token is then the wallet's, and the issuer sees it."""
    body = {
        "card_id": ada.objects[Prefix.CARD],
        "device_id": bob.objects[Prefix.DEVICE],
        "token_requestor_id": bob.objects[REQUESTOR],
    }
    assert bob.call("wallet", "POST", "/v1/tokens", body).status_code == 404
    card = ada.issuer.issue_card(ada.objects[Prefix.ACCOUNT])["id"]
    pushed = _answered(ada.call("issuer", "POST", f"/v1/cards/{card}/push_payloads"))["push_payload"]
    token = _answered(bob.call("wallet", "POST", "/v1/tokens", body | {"card_id": None, "push_payload": pushed}))["id"]
    assert bob.call("wallet", "GET", f"/v1/tokens/{token}").is_success
    assert ada.call("issuer", "GET", f"/v1/tokens/{token}").is_success
    assert ada.call("wallet", "GET", f"/v1/tokens/{token}").status_code == 404
    assert bob.call("issuer", "GET", f"/v1/tokens/{token}").status_code == 404
    # Ada sees Bob's phone, for her card is on it, and reaches that token alone.
    path = f"/v1/devices/{bob.objects[Prefix.DEVICE]}/tokens/suspend"
    suspended = _answered(ada.call("issuer", "POST", path, {"initiator": "issuer"}))["token_ids"]
    assert set(suspended) <= {token}
    own = bob.operator("GET", f"/v1/tokens/{bob.objects[Prefix.TOKEN]}")
    assert own["state"] == "active"
    bob.call("wallet", "DELETE", f"/v1/tokens/{token}")


def test_a_network_learns_nothing_of_accounts_and_cards(network, ada):
    """It sees every decision, and by no filter whose it is."""
    for path in ("/v1/authorizations", "/v1/exceptions"):
        for name, prefix in (("account_id", Prefix.ACCOUNT), ("card_id", Prefix.CARD)):
            query = f"{path}?{name}={ada.objects[prefix]}"
            assert _answered(httpx.get(network.http_url + query, headers=NETWORK))["data"] == []
    query = f"/v1/authorizations?token_id={ada.objects[Prefix.TOKEN]}"
    seen = _answered(httpx.get(network.http_url + query, headers=NETWORK))["data"]
    assert [(each["account_id"], each["card_id"]) for each in seen] == [(None, None)] * 3
    own = _answered(ada.call("issuer", "GET", f"/v1/authorizations?account_id={ada.objects[Prefix.ACCOUNT]}"))["data"]
    assert len(own) == 3


@pytest.fixture
def crossed(ada, bob):
    """A token of Bob's card that Ada's wallet has on file at a merchant, and a key of Bob's for both of his parts."""
    card = bob.issuer.issue_card(bob.objects[Prefix.ACCOUNT])["id"]
    pushed = _answered(bob.call("issuer", "POST", f"/v1/cards/{card}/push_payloads"))["push_payload"]
    body = {
        "push_payload": pushed,
        "token_requestor_id": ada._requestor("merchant", ["e_commerce"]),
        "location": "remote",
    }
    token = _answered(ada.call("wallet", "POST", "/v1/tokens", body))["id"]
    made = {"name": "Bob's one key", "scopes": ["issuer", "wallet"], "tenant": "bob"}
    secret = bob.operator("POST", "/v1/api_keys", made)["secret"]
    with httpx.Client(base_url=bob.network.http_url, headers={"Authorization": f"Bearer {secret}"}) as both:
        yield token, both


def test_a_key_for_two_parts_mixes_them_nowhere(ada, bob, crossed):
    """An issuer that is a wallet too acts as an issuer on other wallets' tokens of its cards, and as no wallet."""
    token, both = crossed
    assert both.get(f"/v1/tokens/{token}").is_success
    payment = {"amount": 999, "currency": "EUR", "country": "276"}
    assert both.post(f"/v1/tokens/{token}/cryptograms", json=payment).status_code == 404
    for initiator, status in (("wallet", 404), ("cardholder", 404), ("network", 403), ("issuer", 200)):
        answer = both.post(f"/v1/tokens/{token}/suspend", json={"initiator": initiator})
        assert answer.status_code == status, initiator
    path = f"/v1/devices/{ada.objects[Prefix.DEVICE]}/tokens/suspend"
    assert both.post(path, json={"initiator": "wallet"}).status_code == 404
    assert both.delete(f"/v1/tokens/{token}").json()["state"] == "deactivated"
    told = _answered(ada.call("wallet", "GET", f"/v1/events?resource_id={token}&type=token.deactivated"))["data"]
    assert told[0]["data"]["initiator"] == "issuer"


def test_a_key_for_two_parts_asks_for_tokens_as_its_own_wallet(ada, bob, crossed):
    """Issuers see who the token requestors are; whoever asks for a token in the name of one owns it."""
    _, both = crossed
    body = {"card_id": bob.spare_card, "location": "remote"}
    theirs = ada._requestor("merchant", ["e_commerce"])
    refused = both.post("/v1/tokens", json=body | {"token_requestor_id": theirs})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "token_requestor_id")
    own = bob._requestor("merchant", ["e_commerce"])
    made = both.post("/v1/tokens", json=body | {"token_requestor_id": own})
    assert made.is_success
    assert both.delete(f"/v1/tokens/{made.json()['id']}").json()["state"] == "deactivated"


def test_nobody_makes_the_server_explain_somebody_elses_decision(ada, bob, monkeypatch):
    """Whose it is is asked first: what is another's, and what is not there, costs no replay."""
    explained, explain = [], Explanations.explain

    async def counting(explanations, authorization_id):
        explained.append(authorization_id)
        return await explain(explanations, authorization_id)

    monkeypatch.setattr(Explanations, "explain", counting)
    theirs = ada.objects[Prefix.AUTHORIZATION]
    nobodys = [to_text(Prefix.AUTHORIZATION, number) for number in (10**6, 2**62)]
    refused = [bob.call("issuer", "GET", f"/v1/authorizations/{each}") for each in (theirs, *nobodys)]
    assert {_masked(answer) for answer in refused} == {_masked(refused[0])}
    assert (refused[0].status_code, explained) == (404, [])
    assert ada.call("issuer", "GET", f"/v1/authorizations/{theirs}").is_success
    assert explained == [theirs]


def test_events_reach_their_owners(ada, bob):
    """What happens to a card is its issuer's to hear; webhooks carry no more than the lists."""
    card = bob.issuer.issue_card(bob.objects[Prefix.ACCOUNT])["id"]
    heard = _answered(ada.call("issuer", "GET", f"/v1/events?resource_id={card}"))["data"]
    own = _answered(bob.call("issuer", "GET", f"/v1/events?resource_id={card}"))["data"]
    assert (heard, len(own)) == ([], 1)
    for tenant, count in ((ada, 0), (bob, 1)):
        deliveries = _answered(tenant.call("wallet", "GET", "/v1/webhook_deliveries?limit=100"))["data"]
        assert sum(each["event"]["resource_id"] == card for each in deliveries) == count


def test_each_tenant_has_twenty_endpoints(network, ada):
    """Whoever takes all of its own takes none of the others'."""
    greedy, body = Tenant(network, "greedy"), {"url": "http://127.0.0.1:9/nobody"}
    made = [greedy.call("wallet", "POST", "/v1/webhook_endpoints", body).status_code for _ in range(20)]
    assert made == [201] * 19 + [409]
    answer = ada.call("wallet", "POST", "/v1/webhook_endpoints", body)
    assert answer.status_code == 201
    ada.call("wallet", "DELETE", f"/v1/webhook_endpoints/{answer.json()['id']}")
    greedy.close()


def test_the_operator_alone_changes_what_holds_for_everybody(ada):
    """Program, rules, policy, clock, keys, API keys and audit trail."""
    for method, path in (
        ("PUT", "/v1/program"),
        ("POST", "/v1/rules"),
        ("PUT", "/v1/provisioning_policy"),
        ("POST", "/v1/simulations/clock"),
        ("POST", "/v1/simulations/days"),
        ("POST", "/v1/keys/rotations"),
        ("POST", "/v1/api_keys"),
        ("GET", "/v1/audit_entries"),
    ):
        for scope in HELD:
            answer = ada.call(scope, method, path, {} if method != "GET" else None)
            assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope"), path


def test_two_secrets_of_one_key_share_its_rate(network):
    """Rotation gives a key another secret, and no more calls."""
    body = {"name": "slow", "scopes": ["issuer"], "calls_per_second": 1, "tenant": "slow"}
    url = f"{network.http_url}/v1/api_keys"
    first = _answered(httpx.post(url, json=body, headers=OPERATOR))
    second = _answered(httpx.post(f"{url}/{first['id']}/rotate", json={"grace_seconds": 600}, headers=OPERATOR))
    third = _answered(httpx.post(f"{url}/{second['id']}/rotate", json={"grace_seconds": 600}, headers=OPERATOR))
    assert second["tenant"] == third["tenant"] == "slow"
    started, statuses = time.monotonic(), []
    for key in (first, second, third):
        headers = {"Authorization": f"Bearer {key['secret']}"}
        statuses.append(httpx.get(f"{network.http_url}/v1/accounts", headers=headers).status_code)
    assert statuses[0] == 200
    assert statuses[1:] == [429, 429] or time.monotonic() - started > 0.9


def test_an_idempotency_key_is_the_tenants(ada, bob, network):
    """Two tenants use the same one for different things; a tenant's other key of the same kind gets its answer."""
    url, answers = f"{network.http_url}/v1/accounts", []
    for secret in (ada.secrets["issuer"], bob.secrets["issuer"], ada._key("issuer")):
        headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "the same"}
        answers.append(httpx.post(url, json={"currency": "EUR", "credit_limit": 5}, headers=headers).json()["id"])
    assert answers[0] == answers[2] != answers[1]


@pytest.mark.parametrize("name", ["", "Ada", "a b", "x" * 33, "ä"])
def test_names_that_no_tenant_has(network, name):
    """One form, so that two names cannot look alike."""
    body = {"name": "x", "scopes": ["issuer"], "tenant": name}
    answer = httpx.post(f"{network.http_url}/v1/api_keys", json=body, headers=OPERATOR)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "tenant")
