"""All attacks by name."""

from simulators.attackers.attack import Attack
from simulators.attackers.on_cryptograms import (
    ChangedAmount,
    ClonedToken,
    CounterJump,
    CounterRollback,
    DeactivatedToken,
    ExpiredKey,
    PreplayedNumber,
    Relay,
    ReplayedCryptogram,
    SwitchedChannel,
)
from simulators.attackers.on_devices import ForgedAttestation, StolenProof
from simulators.attackers.on_money import RefundWithoutPurchase, ReversalFraud
from simulators.attackers.on_numbers import CardTesting, PinGuessing

ATTACKS: dict[str, type[Attack]] = {
    kind.name: kind
    for kind in (
        ClonedToken,
        ReplayedCryptogram,
        PreplayedNumber,
        CounterJump,
        CounterRollback,
        ChangedAmount,
        SwitchedChannel,
        ExpiredKey,
        Relay,
        DeactivatedToken,
        CardTesting,
        PinGuessing,
        ReversalFraud,
        RefundWithoutPurchase,
        ForgedAttestation,
        StolenProof,
    )
}
