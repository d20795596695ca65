"""Token life in any order against a model, with the engine on a disk that loses power between any two steps."""

import asyncio
import random
import re

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from authz.engine import Engine
from authz.journal.journal_files import SegmentJournal
from authz.state.tables import Counter
from authz.vocabulary import states
from authz.vocabulary.layouts import joined
from simulators.sandbox.feeds.vault_feed import VaultFeed, command_of
from tests.clock import ManualClock
from tests.simulation.disk import SimulatedDisk
from tests.tokenvault.phones import Phone
from tests.tokenvault.stories import ask, event_types, new_card
from tests.tokenvault.vaults import drop_database, new_database_url, new_vault
from tokenvault.cards.cards import CardState, find_card
from tokenvault.cards.contact_points import VerificationMethod
from tokenvault.events import audit, outbox
from tokenvault.provisioning.decision import RiskInformation
from tokenvault.provisioning.verification import (
    WrongCode,
    complete_verification,
    confirm_verification,
    list_messages,
    start_verification,
)
from tokenvault.tokens.card_changes import close_card, freeze_card, renew_card, replace_card, unfreeze_card
from tokenvault.tokens.lifecycle import REASONS, Change, ChangeReason, Initiator, TokenState
from tokenvault.tokens.token_activation import activate_token, replenish_key
from tokenvault.tokens.token_changes import change_token, change_tokens_of_card, change_tokens_of_device, renew_token
from tokenvault.tokens.tokens import TokenLocation, find_token
from tokenvault.vocabulary.errors import CallerError, Conflict, FieldError, Forbidden

ASKED_FOR = (Change.SUSPEND, Change.RESUME, Change.DEACTIVATE)
EVENTS = {
    Change.SUSPEND: "token.suspended",
    Change.RESUME: "token.resumed",
    Change.DEACTIVATE: "token.deactivated",
}
ENDED = {"deactivated", "declined"}
EVERYTHING = [(change, initiator, reason) for change in ASKED_FOR for initiator in Initiator for reason in ChangeReason]
FORBIDDEN = [asked for asked in EVERYTHING if asked[2] not in REASONS[asked[:2]]]
# Each of the twelve pairs as often as the others, and endings not so often that nothing lives.
ALLOWED = [
    (change, initiator, reason)
    for change, weight in ((Change.SUSPEND, 2), (Change.RESUME, 2), (Change.DEACTIVATE, 1))
    for initiator in Initiator
    for reason in [*sorted(REASONS[change, initiator])[:2]] * weight
]


class ModelToken:
    """What the test believes of a token."""

    def __init__(self, card, phone, state, hosted, asked_at):
        self.card, self.phone, self.state, self.hosted = card, phone, state, hosted
        self.asked_at = asked_at
        self.suspended_by = set()
        self.events = ["token.requested"]
        self.wrong_codes = self.codes = 0

    def allows(self, change, initiator):
        """Whether somebody may do this to it now."""
        match change:
            case Change.SUSPEND:
                return self.state in ("active", "suspended")
            case Change.RESUME:
                return self.state == "suspended" and initiator in self.suspended_by
            case Change.DEACTIVATE:
                return self.state not in ENDED

    def apply(self, change, initiator):
        """Let it happen; a suspension that stands already is no event."""
        if change is Change.SUSPEND and initiator in self.suspended_by:
            return
        if change is Change.SUSPEND:
            self.suspended_by.add(initiator)
        elif change is Change.RESUME:
            self.suspended_by.discard(initiator)
        else:
            self.suspended_by = set()
        if change is Change.DEACTIVATE:
            self.state = "deactivated"
        else:
            self.state = "suspended" if self.suspended_by else "active"
        self.events.append(EVENTS[change])


class TokenLifecycleStory(RuleBasedStateMachine):
    """Every call that changes a token, by whoever may and whoever may not."""

    cards = Bundle("cards")
    tokens = Bundle("tokens")

    def __init__(self):
        super().__init__()
        self.clock = ManualClock()
        self.url = new_database_url()
        self.vault = new_vault(self.clock, self.url)
        self.phones = [Phone(self.vault) for _ in range(3)]
        self.devices = [phone.register() for phone in self.phones]
        self.model = {}
        self.card_states = {}
        self.loop = asyncio.new_event_loop()
        self.random = random.Random(0)
        self.disk = SimulatedDisk(self.random)
        self.start_engine()

    def start_engine(self):
        """Open the engine on what the disk holds."""

        async def opened():
            return Engine(SegmentJournal(self.disk), lambda: int(self.clock() * 1e6), lambda error: None)

        self.engine = self.loop.run_until_complete(opened())
        self.feed = VaultFeed(self.vault.database, self.engine)

    def teardown(self):
        """Close everything."""
        self.loop.run_until_complete(self.engine.close())
        self.loop.close()
        self.vault.database.dispose()
        drop_database(self.url)

    @rule(target=cards)
    def issue(self):
        """A card."""
        card = new_card(self.vault, {VerificationMethod.E_MAIL: "ada@example.com"})
        self.card_states[card.text_id] = "active"
        return card.text_id

    @rule(card=cards, change=st.sampled_from(["freeze", "unfreeze", "unfreeze", "replace", "renew", "close"]))
    def change_card(self, card, change):
        """What its issuer may do with a card; closed is final, and takes the tokens with it."""
        act = {
            "freeze": freeze_card,
            "unfreeze": unfreeze_card,
            "renew": renew_card,
            "close": close_card,
            "replace": lambda vault, text_id: replace_card(vault, text_id, ChangeReason.CARD_LOST),
        }[change]
        live = [token for token in self.model.values() if token.card == card and token.state not in ENDED]
        if self.card_states[card] == "closed" and change != "close":
            with pytest.raises(Conflict):
                act(self.vault, card)
            return
        act(self.vault, card)
        if change in ("replace", "renew"):
            for token in live:
                token.events.append("token.card_changed")
        elif change == "close":
            for token in live:
                token.apply(Change.DEACTIVATE, Initiator.ISSUER)
            self.card_states[card] = "closed"
        else:
            self.card_states[card] = "frozen" if change == "freeze" else "active"

    @rule(
        target=tokens,
        card=cards,
        which=st.integers(0, 2),
        color=st.sampled_from(["green", "green", "yellow", "red"]),
        hosted=st.booleans(),
    )
    def request(self, card, which, color, hosted):
        """One live token for a card on a device."""
        phone, device = self.phones[which], self.devices[which]
        live = [name for name, token in self.model.items()
                if (token.card, token.phone) == (card, which) and token.state not in ENDED]  # fmt: skip
        score = {"green": 5, "yellow": 2, "red": 1}[color]
        location = TokenLocation.HOST_CARD_EMULATION if hosted else TokenLocation.SECURE_ELEMENT
        wanted = {"risk": RiskInformation(device_score=score), "location": location}
        if live:
            with pytest.raises(Conflict):
                ask(self.vault, phone, find_card(self.vault, card), device, **wanted)
            return live[0]
        yesterday = self.clock() - 24 * 3600
        recent = sum(token.card == card and token.asked_at > yesterday for token in self.model.values())
        if recent >= 10 and color == "green":
            color = "yellow"
        if self.card_states[card] != "active":
            color = "red"
        token = ask(self.vault, phone, find_card(self.vault, card), device, **wanted)
        state = {"green": "inactive", "yellow": "requested", "red": "declined"}[color]
        self.model[token.text_id] = ModelToken(card, which, state, hosted, self.clock())
        self.model[token.text_id].events += {"green": ["token.approved"], "red": ["token.declined"]}.get(color, [])
        return token.text_id

    @initialize(target=tokens, which=st.integers(0, 2), hosted=st.booleans())
    def provision(self, which, hosted):
        """Something to begin with: an active token."""
        name = self.request(self.issue(), which, "green", hosted)
        self.activate(name, own=True, refill=False)
        return name

    @rule(target=tokens, which=st.integers(0, 2), hosted=st.booleans())
    def provision_another(self, which, hosted):
        """And more of it."""
        return self.provision(which, hosted)

    @rule(name=tokens, who=st.sampled_from(Initiator), others=st.sets(st.sampled_from(Initiator), min_size=1))
    def suspend_together(self, name, who, others):
        """Several suspend it, and one resumes: its own suspension only."""
        for initiator in sorted(others):
            if self.model[name].allows(Change.SUSPEND, initiator):
                self.change(name, (Change.SUSPEND, initiator, ChangeReason.OTHER), "token")
        self.change(name, (Change.RESUME, who, ChangeReason.OTHER), "token")

    @rule(name=tokens, how=st.sampled_from(["right", "wrong", "issuer", "stranger"]))
    def verify(self, name, how):
        """By code or by the issuer, once; three wrong codes end it."""
        token = self.model[name]
        phone = self.phones[(token.phone + (how == "stranger")) % 3]
        if how == "stranger":
            with pytest.raises((Forbidden, Conflict)):
                start_verification(self.vault, phone.proven(), name, VerificationMethod.E_MAIL)
            return
        if token.state != "requested":
            with pytest.raises(Conflict):
                confirm_verification(self.vault, name, VerificationMethod.IN_APP)
            with pytest.raises(Conflict):
                complete_verification(self.vault, phone.proven(), name, "000000")
            return
        if how == "issuer":
            confirm_verification(self.vault, name, VerificationMethod.IN_APP)
        else:
            if token.codes < 4:
                start_verification(self.vault, phone.proven(), name, VerificationMethod.E_MAIL)
                token.codes += 1
                token.events.append("verification.started")
            else:
                with pytest.raises(Conflict):
                    start_verification(self.vault, phone.proven(), name, VerificationMethod.E_MAIL)
            code = re.match(r"\d{6}", list_messages(self.vault, limit=1, token_id=name)[0].text)[0]
            if how == "wrong":
                self.wrong_code(token, phone, name, f"{(int(code) + 1) % 10**6:06d}")
                return
            complete_verification(self.vault, phone.proven(), name, code)
        token.events += ["verification.completed", "token.approved"]
        token.state = "inactive"

    def wrong_code(self, token, phone, name, code):
        """One attempt less."""
        with pytest.raises(WrongCode):
            complete_verification(self.vault, phone.proven(), name, code)
        token.wrong_codes += 1
        token.events.append("verification.failed")
        if token.wrong_codes == 3:
            token.events.append("token.declined")
            token.state = "declined"

    @rule(name=tokens, own=st.sampled_from([True, True, True, False]), refill=st.sampled_from([False, False, True]))
    def activate(self, name, own, refill):
        """Its own device may, when its state allows it."""
        token = self.model[name]
        phone = self.phones[(token.phone + (not own)) % 3]
        if refill:
            if own and token.hosted and token.state == "active":
                replenish_key(self.vault, phone.proven(), name)
                token.events.append("token.key_replenished")
            else:
                with pytest.raises(Conflict if own else Forbidden):
                    replenish_key(self.vault, phone.proven(), name)
            return
        if own and token.state in ("inactive", "active"):
            activate_token(self.vault, phone.proven(), name)
            if token.state == "inactive":
                token.events.append("token.activated")
            if token.hosted:
                token.events.append("token.key_replenished")
            token.state = "active"
        else:
            with pytest.raises(CallerError) as refused:
                activate_token(self.vault, phone.proven(), name)
            assert isinstance(refused.value, Conflict if own else Forbidden)

    @rule(name=tokens, asked=st.sampled_from(FORBIDDEN))
    def ask_for_anothers_reason(self, name, asked):
        """What the matrix does not allow never happens."""
        change, initiator, reason = asked
        with pytest.raises(FieldError):
            change_token(self.vault, name, change, initiator, reason=reason)

    @rule(
        name=tokens,
        asked=st.sampled_from(ALLOWED),
        scope=st.sampled_from(["token", "token", "token", "device", "card"]),
    )
    def change(self, name, asked, scope):
        """By whoever, for a reason that is theirs: only what the state allows happens."""
        change, initiator, reason = asked
        token = self.model[name]
        if scope == "token":
            if token.allows(change, initiator):
                change_token(self.vault, name, change, initiator, reason=reason)
                token.apply(change, initiator)
            else:
                with pytest.raises(Conflict):
                    change_token(self.vault, name, change, initiator, reason=reason)
            return
        if scope == "device":
            device = self.devices[token.phone].text_id
            change_tokens_of_device(self.vault, device, change, initiator, reason=reason)
            concerned = [other for other in self.model.values() if other.phone == token.phone]
        else:
            change_tokens_of_card(self.vault, token.card, change, initiator, reason=reason)
            concerned = [other for other in self.model.values() if other.card == token.card]
        for other in concerned:
            if other.allows(change, initiator):
                other.apply(change, initiator)

    @rule(name=tokens)
    def renew(self, name):
        """While it is live, a month or two later."""
        self.clock.advance(40 * 24 * 3600)
        token = self.model[name]
        if token.state in ENDED | {"requested"}:
            with pytest.raises(Conflict):
                renew_token(self.vault, name)
        else:
            renew_token(self.vault, name)
            token.events.append("token.renewed")

    @rule(days=st.integers(1, 40))
    def pass_time(self, days):
        """Months go by."""
        self.clock.advance(days * 24 * 3600)

    @rule(count=st.integers(0, 5), seed=st.integers(0, 2**32))
    def lose_power(self, count, seed):
        """The engine hears a part of what the vault has committed, and then its machine loses power."""

        async def hear_some():
            entries = list(outbox.entries_after(self.vault.database, self.engine.outbox_sequence))[:count]
            if entries:
                await self.engine.run(joined([command_of(entry) for entry in entries]))

        self.loop.run_until_complete(hear_some())
        self.loop.run_until_complete(self.engine.close())
        self.random.seed(seed)
        self.disk = SimulatedDisk(self.random, self.disk.after_crash())
        self.start_engine()

    @invariant()
    def vault_as_modelled(self):
        """Every token is where the model says, and each of its changes has its event."""
        for name, model in self.model.items():
            token = find_token(self.vault, name)
            assert token.state == model.state
            assert set(token.suspended_by) == model.suspended_by
            assert event_types(self.vault, name) == model.events
        for name, state in self.card_states.items():
            assert find_card(self.vault, name).state == state

    @invariant()
    def engine_agrees(self):
        """After it has heard the rest, the engine knows every card and token as the vault does, and no others."""
        self.loop.run_until_complete(self.feed.drain())
        state = self.engine.state
        rows = {int(row["token_id"]): row for row in state.tokens[: state.counters[Counter.TOKENS]]}
        issued = {}
        for name in self.model:
            token = find_token(self.vault, name)
            if token.token_pan is not None:
                issued[token.id] = token
        assert rows.keys() == issued.keys()
        for number, token in issued.items():
            row = rows[number]
            expected = TokenState.INACTIVE if token.state is TokenState.REQUESTED else token.state
            assert row["state"] == expected.engine_code
            assert (f"{row['token_pan']}", f"{row['expiry']:04d}") == (token.token_pan, token.expiry)
            assert int(row["limited_use_key"]) == int(token.limited_use_key or 0)
        for row in state.cards[: state.counters[Counter.CARDS]]:
            state_there = states.CardState(int(row["state"])).name.lower()
            assert self.card_states_by_number[int(row["card_id"])] == state_there

    @property
    def card_states_by_number(self):
        """The model's card states by what the engine calls the cards."""
        return {find_card(self.vault, name).id: CardState(state) for name, state in self.card_states.items()}

    @invariant()
    def trail_is_whole(self):
        """The audit trail's chain holds."""
        audit.verify(self.vault)


TestTokenLifecycle = TokenLifecycleStory.TestCase
TestTokenLifecycle.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)


@pytest.mark.slow
class TestTokenLifecycleLonger(TokenLifecycleStory.TestCase):
    """The same, many times."""

    settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
