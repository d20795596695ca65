"""All steps by verb."""

from simulators.scenarios.steps.answering import ANSWERING
from simulators.scenarios.steps.applying import APPLYING
from simulators.scenarios.steps.banking import BANKING
from simulators.scenarios.steps.closing import CLOSING
from simulators.scenarios.steps.deferring import DEFERRING
from simulators.scenarios.steps.following import FOLLOWING
from simulators.scenarios.steps.issuing import ISSUING
from simulators.scenarios.steps.paying import PAYING
from simulators.scenarios.steps.phones import PHONES
from simulators.scenarios.steps.rights import RIGHTS
from simulators.scenarios.steps.self_service import SELF_SERVICE
from simulators.scenarios.steps.step import Step
from simulators.scenarios.steps.surroundings import SURROUNDINGS

VERBS: dict[str, type[Step]] = {
    kind.verb: kind
    for group in (
        PAYING,
        FOLLOWING,
        PHONES,
        ISSUING,
        APPLYING,
        ANSWERING,
        BANKING,
        DEFERRING,
        RIGHTS,
        SELF_SERVICE,
        CLOSING,
        SURROUNDINGS,
    )
    for kind in group
}
