"""Which mutants a module has: each differs from the source in one place, and would be a mistake that somebody makes."""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path


class Kind(StrEnum):
    """What is done to the source."""

    DELETE = "delete"  # a statement, or an entry of a table, is gone
    NEGATE = "negate"  # a condition means its contrary
    BOUNDARY = "boundary"  # a comparison takes or leaves its boundary, a number is one greater
    SWAP = "swap"  # two neighbouring arguments change places


@dataclass(frozen=True)
class Scope:
    """Where in a module a node stands. function: its qualified name, empty outside of all functions."""

    name: str = ""
    function: str = ""
    statement: ast.AST = ast.Module([], [])  # noqa: RUF009 - never changed


@dataclass(frozen=True, eq=False)
class Change:
    """One node of a tree and what stands in its place: `parent.field`, or `parent.field[index]` where that is a list.

    new: None where the node goes without a replacement, and of a dictionary its value with it.
    """

    kind: Kind
    parent: ast.AST
    field: str
    index: int | None
    old: ast.AST
    new: ast.AST | None

    def apply(self) -> None:
        """Change the tree."""
        if self.new is None:
            for field in ("keys", "values") if isinstance(self.parent, ast.Dict) else (self.field,):
                del getattr(self.parent, field)[self.index]
        elif self.index is None:
            setattr(self.parent, self.field, self.new)
        else:
            getattr(self.parent, self.field)[self.index] = self.new


@dataclass(frozen=True, eq=False)
class Mutant:
    """A change of a module.

    path: from the root of the repository.  ordinal: which of its kind on its line, from 1.  function: qualified name,
    empty for what runs when the module is imported.  lines: of the whole statement.
    """

    path: str
    line: int
    ordinal: int
    function: str
    lines: range
    tree: ast.Module
    change: Change

    @property
    def kind(self) -> Kind:
        """What is done to the source."""
        return self.change.kind

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.kind}:{self.ordinal}"

    @property
    def before(self) -> str:
        """What stands there, in one line: with `after`, what identifies the mutant when lines have moved."""
        return ast.unparse(self.change.old)

    @property
    def after(self) -> str:
        """What it becomes."""
        return ast.unparse(self.change.new) if self.change.new else ""

    def mutated_tree(self) -> ast.Module:
        """The module's tree, changed. It is the tree of the module's other mutants too: call this once in a process."""
        self.change.apply()
        return ast.fix_missing_locations(self.tree)


def mutants_of(path: str, source: str) -> list[Mutant]:
    """All mutants of a module, in the order of its text. path: what the mutants are to be called by."""
    tree = ast.parse(source)
    seen: Counter[tuple[int, Kind]] = Counter()
    mutants = []
    for change, scope in _changes(tree, Scope()):
        if change.new:
            ast.copy_location(change.new, change.old)
        line = change.old.lineno  # type: ignore[attr-defined]
        seen[line, change.kind] += 1
        lines = _lines_of(scope.statement)
        mutants.append(Mutant(path, line, seen[line, change.kind], scope.function, lines, tree, change))
    return sorted(mutants, key=lambda mutant: (mutant.line, mutant.kind, mutant.ordinal))


def mutants_in(root: Path, path: str) -> list[Mutant]:
    """All mutants of a file or a folder. Raises: FileNotFoundError."""
    place = root / path
    files = [place] if place.is_file() else sorted(place.glob("**/*.py"))
    if not files:
        raise FileNotFoundError(f"{path} is no Python file and no folder with any")
    return [mutant for file in files for mutant in mutants_of(file.relative_to(root).as_posix(), file.read_text())]


def _lines_of(statement: ast.AST) -> range:
    """The lines of a statement; of one with a body, those of its head."""
    first, last = statement.lineno, statement.end_lineno  # type: ignore[attr-defined]
    body = getattr(statement, "body", None)
    if isinstance(body, list) and body:
        last = max(first, body[0].lineno - 1)
    return range(first, last + 1)


_TYPES = {"annotation", "returns", "type_params", "type_comment"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _changes(node: ast.AST, scope: Scope) -> Iterator[tuple[Change, Scope]]:
    """Every change below a node, with its scope."""
    for field, value in ast.iter_fields(node):
        if field in _TYPES:
            continue
        inner = _scope_of(node, field, scope)
        children = enumerate(value) if isinstance(value, list) else [(None, value)]
        for index, child in children:
            if not isinstance(child, ast.AST) or _cannot_matter(child):
                continue
            here = replace(inner, statement=child) if isinstance(child, ast.stmt) else inner
            for kind, new in _replacements(node, field, child, here):
                yield Change(kind, node, field, index, child, new), here
            yield from _changes(child, here)


def _scope_of(node: ast.AST, field: str, scope: Scope) -> Scope:
    """The scope of what stands in a field of a node: defaults and decorators belong to what is around a function."""
    if isinstance(node, (*_FUNCTIONS, ast.Lambda)) and field == "body":
        name = scope.name + ("<lambda>" if isinstance(node, ast.Lambda) else node.name)
        return replace(scope, name=f"{name}.<locals>.", function=name)
    if isinstance(node, ast.ClassDef) and field == "body":
        return replace(scope, name=f"{scope.name}{node.name}.")
    return scope


def _replacements(parent: ast.AST, field: str, node: ast.AST, scope: Scope) -> Iterator[tuple[Kind, ast.AST | None]]:
    """What may stand in a node's place."""
    if scope.function and _can_go(node) and not _ends_anyway(parent, node):
        yield Kind.DELETE, ast.Pass()
    if not scope.function and (type(parent), field) in _TABLE_ENTRIES:
        yield Kind.DELETE, None
    if isinstance(node, ast.Compare):
        yield from _other_comparisons(node)
    elif _is_condition(parent, field) and not isinstance(node, ast.BoolOp):
        is_negation = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
        if not is_negation or not isinstance(node.operand, ast.Compare | ast.BoolOp):
            yield Kind.NEGATE, node.operand if is_negation else ast.UnaryOp(ast.Not(), node)
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield Kind.BOUNDARY, ast.Constant(node.value + 1)
    elif isinstance(node, ast.Call) and _name_of(node.func) not in _ORDER_IS_FREE:
        for index, (one, other) in enumerate(zip(node.args, node.args[1:], strict=False)):
            if not any(isinstance(each, ast.Starred) for each in (one, other)) and ast.dump(one) != ast.dump(other):
                arguments = [*node.args[:index], other, one, *node.args[index + 2 :]]
                yield Kind.SWAP, ast.Call(node.func, arguments, node.keywords)


_TABLE_ENTRIES = {(ast.Dict, "keys"), (ast.Set, "elts"), (ast.List, "elts")}
_SIMPLE = (ast.Assign, ast.AugAssign, ast.Return, ast.Raise, ast.Continue, ast.Break, ast.Delete, ast.Expr)


def _can_go(node: ast.AST) -> bool:
    """Whether a statement can be deleted. One with a body is not: what is in it goes piece by piece."""
    if isinstance(node, ast.AnnAssign):
        return node.value is not None
    return isinstance(node, _SIMPLE)


def _ends_anyway(parent: ast.AST, node: ast.AST) -> bool:
    """Whether a statement returns nothing from where a function ends."""
    match node:
        case ast.Return(None) | ast.Return(ast.Constant(None)):
            return isinstance(parent, _FUNCTIONS) and parent.body[-1] is node
    return False


def _is_condition(parent: ast.AST, field: str) -> bool:
    """Whether a node in this place is asked for its truth."""
    if isinstance(parent, ast.If | ast.While | ast.IfExp):
        return field == "test"
    if isinstance(parent, ast.UnaryOp):
        return isinstance(parent.op, ast.Not) and field == "operand"
    return (isinstance(parent, ast.BoolOp) and field == "values") or (
        isinstance(parent, ast.comprehension) and field == "ifs"
    )


_CONTRARY: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.Is: ast.IsNot,
    ast.In: ast.NotIn,
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
}
_CONTRARY |= {contrary: operator for operator, contrary in _CONTRARY.items()}
_BOUNDARY: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}


def _other_comparisons(node: ast.Compare) -> Iterator[tuple[Kind, ast.AST]]:
    """A comparison's contrary, and each of its boundaries moved."""
    if len(node.ops) == 1:
        yield Kind.NEGATE, ast.Compare(node.left, [_CONTRARY[type(node.ops[0])]()], node.comparators)
    else:
        yield Kind.NEGATE, ast.UnaryOp(ast.Not(), node)
    for index, operator in enumerate(node.ops):
        if type(operator) in _BOUNDARY:
            operators = [*node.ops[:index], _BOUNDARY[type(operator)](), *node.ops[index + 1 :]]
            yield Kind.BOUNDARY, ast.Compare(node.left, operators, node.comparators)


_ORDER_IS_FREE = {"max", "min", "compare_digest", "exclusive_or", "cast", "where", "and_", "or_"}
_LOGS = {"log", "logger", "_log", "_logger"}


def _name_of(called: ast.AST) -> str:
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def _cannot_matter(node: ast.AST) -> bool:
    """What no test should notice: texts for readers, names for importers, and asserts of what cannot happen."""
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Assert() | ast.Expr(ast.Constant()):
            return True
        case ast.If(ast.Name("TYPE_CHECKING")) | ast.Assign([ast.Name("__all__")]):
            return True
        case ast.Expr(ast.Call(ast.Attribute(ast.Name(name)))):
            return name in _LOGS
    return False
