"""Changes to a program: a rule is added, replaced or removed, and the whole is validated again."""

from collections.abc import Iterable, Sequence

from authz.program.categories import Scene
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


def with_missing_scenes(document: ProgramDocument, scenes: Sequence[Scene]) -> ProgramDocument:
    """A program with scenes of a later one that it lacks by name, so that a rule of that one can be asked under it.

    They have those of their categories that are in none of its own scenes: what its limits and rules say stays as it
    is. One without such a category stays away.
    """
    names = {each.scene for each in document.scenes}
    taken = {code for each in document.scenes for code in each.codes()}
    added = []
    for scene in scenes:
        free = _ranges(code for code in scene.codes() if code not in taken)
        if scene.scene not in names and free:
            added.append(scene.model_copy(update={"categories": free}))
    return document.model_copy(update={"scenes": [*document.scenes, *added]}) if added else document


def _ranges(codes: Iterable[int]) -> list[tuple[str, str]]:
    """Merchant categories by the first and last of those that follow each other."""
    ranges: list[tuple[int, int]] = []
    for code in codes:
        if ranges and ranges[-1][1] + 1 == code:
            ranges[-1] = (ranges[-1][0], code)
        else:
            ranges.append((code, code))
    return [(f"{first:04d}", f"{last:04d}") for first, last in ranges]


def _with_rules(document: ProgramDocument, rules: list[Rule]) -> ProgramDocument:
    return read_document(canonical(document.model_copy(update={"rules": rules})))
