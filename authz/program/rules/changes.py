"""Changes to a program: a rule is added, replaced or removed, and the whole is validated again."""

from authz.program.document import ProgramDocument, Rule, canonical, read_document
from tokenvault.vocabulary.errors import Conflict, NotFound


def find_rule(document: ProgramDocument, identifier: str) -> Rule:
    """One rule. Raises: NotFound."""
    for rule in document.rules:
        if rule.id == identifier:
            return rule
    raise NotFound("there is no rule with this identifier")


def with_new_rule(document: ProgramDocument, rule: Rule) -> ProgramDocument:
    """A rule more, asked last. Raises: Conflict, ProgramInvalid."""
    if any(each.id == rule.id for each in document.rules):
        raise Conflict(f"a rule {rule.id} already exists")
    return with_rule(document, rule)


def with_rule(document: ProgramDocument, rule: Rule) -> ProgramDocument:
    """A rule in place of that with its name, or asked last. Raises: ProgramInvalid."""
    if any(each.id == rule.id for each in document.rules):
        return _with_rules(document, [rule if each.id == rule.id else each for each in document.rules])
    return _with_rules(document, [*document.rules, rule])


def without_rule(document: ProgramDocument, identifier: str) -> ProgramDocument:
    """A rule less. Raises: NotFound."""
    gone = find_rule(document, identifier)
    return _with_rules(document, [each for each in document.rules if each is not gone])


def _with_rules(document: ProgramDocument, rules: list[Rule]) -> ProgramDocument:
    return read_document(canonical(document.model_copy(update={"rules": rules})))
