"""Faults planted in the contracts, found in Vyper's own syntax tree and made in the source text, so that they read as a diff.

No mutation tool was found that knows Vyper: universalmutator has an empty rule file for it, and its rules for other languages work line
by line, on comments and docstrings as well; it can neither swap two statements or arguments that span lines nor turn a rounding round.
"""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

import vyper.ast as ast
from vyper.ast.parse import parse_to_ast
from vyper.ast.pre_parser import PreParser

from tests.mutation.mutant import Edit, Mutant, mutants_of

# Words of the protocol that are easily taken for one another.
TWINS = [
    ("base", "quote"), ("stake", "shares"), ("paid", "taken"), ("requested", "exited"), ("exited", "added"), ("deficit", "surplus"),
    ("owed", "short"), ("RESERVE", "BACKSTOP"), ("in", "out"),
]  # fmt: skip
SHARPER = {"<=": "{0} < {1}", "<": "{0} + 1 < {1}", ">=": "{0} > {1}", ">": "{0} > {1} + 1"}
BLUNTER = {"<=": "{0} <= {1} + 1", "<": "{0} <= {1}", ">=": "{0} + 1 >= {1}", ">": "{0} >= {1}"}
SAME_OF_ZERO = (("0", "<="), ("0", ">"))  # of amounts, which are never below it, as == and !=
OPPOSITE = {"<=": ">", "<": ">=", ">=": "<", ">": "<=", "==": "!=", "!=": "=="}
OTHER_OPERATOR = {"+": "-", "-": "+", "*": "//", "//": "*", ">>": "<<"}
# What is stored, instead of what it comes to by now.
STALE = {
    "self._touch()": "pool_store._market()",
    "self._oracle_price(market)": "market.oracle",
    "self._in_bailout(market)": "market.bailout",
    "block.timestamp // EPOCH_SECONDS": "market.epoch",
}
# A call that does nothing but store what it is given.
STORES = re.compile(r"(\w+\._store_(\w+))\([^()]*(\([^()]*\))?[^()]*\)")


class Columns(dict):
    """How far Vyper's pre-parser has moved what stands at a place: it turns `log`, `extcall` and `staticcall` into shorter or longer words.

    Vyper keeps that for the beginnings of tokens only, and so loses the end of what has a space after it.
    """

    def get(self, place: tuple[int, int], default: int = 0) -> int:
        line, column = place
        before = [token for token in self if token[0] == line and token[1] <= column]
        return self[max(before)] if before else default


def parse(text: str) -> ast.Module:
    prepare = PreParser.parse

    def prepare_all_columns(self: PreParser, code: str) -> None:
        prepare(self, code)
        self.adjustments = Columns(self.adjustments)

    with patch.object(PreParser, "parse", prepare_all_columns):
        return parse_to_ast(text)


class Source:
    """A Vyper file: its text, its tree, and where in the text each node stands."""

    def __init__(self, text: str):
        self.text = text
        self.tree = parse(text)
        self.lines = text.splitlines(keepends=True)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))
        self.functions = self.tree.get_children(ast.FunctionDef)
        # Functions of this file that change nothing.
        self.views = {f"self.{function.name}" for function in self.functions if self._decorators(function) & {"view", "pure"}}

    def span(self, node: ast.VyperNode) -> tuple[int, int]:
        return self._place(node.lineno, node.col_offset), self._place(node.end_lineno, node.end_col_offset)

    def _place(self, line: int, column: int) -> int:
        # The parser counts columns in bytes.
        return self.starts[line - 1] + len(self.lines[line - 1].encode()[:column].decode())

    def code(self, node: ast.VyperNode) -> str:
        begin, end = self.span(node)
        return self.text[begin:end]

    @staticmethod
    def _decorators(function: ast.FunctionDef) -> set[str]:
        return {decorator.id for decorator in function.decorator_list}

    def bodies(self) -> Iterator[list[ast.VyperNode]]:
        """Every block of statements."""
        for function in self.functions:
            for node in [function, *function.get_descendants((ast.If, ast.For))]:
                for block in (node.body, getattr(node, "orelse", [])):
                    yield [statement for statement in block if not _is_docstring(statement)]

    def in_code(self, *kinds: type) -> Iterator[ast.VyperNode]:
        """Nodes of some kinds in functions and in constants, annotations left out."""
        for owner in (*self.functions, *self.tree.get_children(ast.VariableDecl)):
            if isinstance(owner, ast.VariableDecl):
                roots = [owner.value] if owner.value is not None else []
            else:
                roots = owner.body
            for root in roots:
                for node in root.get_descendants(kinds, include_self=True):
                    if not _in_annotation(node):
                        yield node

    def changes_something(self, statement: ast.VyperNode) -> bool:
        """Whether a statement stores, logs or calls something that may."""
        if isinstance(statement, ast.Log) or statement.get_descendants((ast.Log, ast.ExtCall), include_self=True):
            return True
        for node in statement.get_descendants((ast.Assign, ast.AugAssign), include_self=True):
            if self.code(node.target).startswith("self."):
                return True
        return any(
            self._may_change(self.code(call.func)) for call in statement.get_descendants(ast.Call, include_self=True)
        )

    def _may_change(self, function: str) -> bool:
        if function.startswith("self."):
            return function not in self.views
        name = function.split(".")[-1]
        return name in ("_push", "_pull", "__init__", "create_from_blueprint", "append") or name.startswith("_store_")

    def commute(self, first: ast.VyperNode, second: ast.VyperNode) -> bool:
        """Whether two statements plainly do the same in either order.

        They do if neither names what the other stores, and at most one of them is heard of outside: logs do not mind checks, since a
        revert takes them back, but logs mind logs and checks mind checks; what calls or may call out minds everything.
        """
        if self._stores_for(first, second) or self._stores_for(second, first):
            return False
        kinds = self._heard(first), self._heard(second)
        if "call" in kinds:
            pairs = (first, second), (second, first)
            return any(self.only_reads(reader) and not self.changes_something(other) for reader, other in pairs)
        return kinds not in (("log", "log"), ("check", "check"), ("check", "panic"), ("panic", "check"))

    def _heard(self, statement: ast.VyperNode) -> str:
        """How a statement is heard of outside, if it is."""
        code = self.code(statement)
        if STORES.fullmatch(code):
            return ""
        calls = {self.code(call.func) for call in statement.get_descendants(ast.Call, include_self=True)}
        if isinstance(statement, ast.Assert) and not any(map(self._may_change, calls)) or re.match(r"(self|ownable)\._check_", code):
            return "check"
        if isinstance(statement, ast.Log) and not statement.get_descendants(ast.BinOp):
            return "log"
        plain = isinstance(statement, (ast.AnnAssign, ast.Assign, ast.AugAssign))
        if plain and not any(re.match(r"[a-z_]+\.|self\.", call) for call in calls) and "call " not in code:
            panics = isinstance(statement, ast.AugAssign) or statement.get_descendants(ast.BinOp)
            return "panic" if panics else ""
        return "call"

    def _stores_for(self, statement: ast.VyperNode, other: ast.VyperNode) -> bool:
        """Whether a statement stores what the other one names."""
        if stores := STORES.fullmatch(self.code(statement)):
            return re.search(rf"\b_(store_)?{stores[2]}\(|self\._(?!check_)", self.code(other)) is not None
        for node in statement.get_descendants((ast.AnnAssign, ast.Assign, ast.AugAssign), include_self=True):
            targets = node.target.elements if isinstance(node.target, ast.Tuple) else [node.target]
            for target in targets:
                stored, field = re.match(r"(self\.state\.\w+|self\.\w+|\w+)(\.\w+)?", self.code(target)).groups()
                # Of a structure in memory, the field or all of it.
                end = rf"({re.escape(field)}(?!\w)|(?![\w.]))" if field and not stored.startswith("self") else r"(?!\w)"
                if re.search(rf"(?<![\w.]){re.escape(stored)}{end}", self.code(other)):
                    return True
        return False

    def only_reads(self, statement: ast.VyperNode) -> bool:
        """Whether a statement only gives a name to something stored or given."""
        if not isinstance(statement, ast.AnnAssign) or statement.value is None:
            return False
        return not statement.value.get_descendants((ast.BinOp, ast.Call, ast.IfExp), include_self=True)


def _is_declared_only(source: Source, value: ast.VyperNode) -> bool:
    """Whether a value is there only because a name must be declared before a tuple can be assigned to it."""
    declaration = value.get_ancestor()
    if not isinstance(declaration, ast.AnnAssign) or declaration.value is not value:
        return False
    assignments = declaration.get_ancestor(ast.FunctionDef).get_descendants(ast.Assign)
    return any(
        isinstance(assignment.target, ast.Tuple) and source.code(declaration.target) in map(source.code, assignment.target.elements)
        for assignment in assignments
    )


def _is_docstring(statement: ast.VyperNode) -> bool:
    return isinstance(statement, ast.DocStr)


def _in_annotation(node: ast.VyperNode) -> bool:
    while node is not None and not isinstance(node, ast.FunctionDef):
        parent = node.get_ancestor() if not isinstance(node, ast.Module) else None
        if isinstance(parent, (ast.AnnAssign, ast.For)) and getattr(parent, "annotation", None) is node:
            return True
        node = parent
    return False


FAULTS: list[Callable[[Source], Iterator[Edit]]] = []


def fault(find: Callable[[Source], Iterator[Edit]]) -> Callable:
    FAULTS.append(find)
    return find


@fault
def other_arithmetic(source: Source) -> Iterator[Edit]:
    """Another operator, or one operand alone."""
    for node in source.in_code(ast.BinOp):
        left, right = source.code(node.left), source.code(node.right)
        span = source.span(node)
        between = source.text[source.span(node.left)[1] : source.span(node.right)[0]]
        operator = between.strip(" ()\n")
        if operator in OTHER_OPERATOR:
            yield Edit("arithmetic", *span, source.code(node).replace(left + between, left + between.replace(operator, OTHER_OPERATOR[operator]), 1))
            yield Edit("arithmetic", *span, left)
        if operator in ("+", "*"):
            yield Edit("arithmetic", *span, right)
    for node in source.in_code(ast.AugAssign):
        target, value = source.code(node.target), source.code(node.value)
        for operator in ("+=", "-=", "="):
            yield Edit("arithmetic", *source.span(node), f"{target} {operator} {value}")
    for node in source.in_code(ast.Call):
        name = source.code(node.func)
        if name in ("min", "max"):
            arguments = [source.code(argument) for argument in node.args]
            yield Edit("arithmetic", *source.span(node.func), {"min": "max", "max": "min"}[name])
            for argument in arguments:
                yield Edit("arithmetic", *source.span(node), argument)


@fault
def other_comparison(source: Source) -> Iterator[Edit]:
    """The boundary one further out or in, and the opposite."""
    for node in source.in_code(ast.Compare):
        left, right = source.code(node.left), source.code(node.right)
        operator = source.text[source.span(node.left)[1] : source.span(node.right)[0]].strip(" ()\n")
        span = source.span(node)
        yield Edit("comparison", *span, f"{left} {OPPOSITE[operator]} {right}")
        if operator in SHARPER:
            yield Edit("boundary", *span, SHARPER[operator].format(left, right))
            yield Edit("boundary", *span, BLUNTER[operator].format(left, right))
        else:
            for other in ("<=", ">=") if operator == "==" else ("<", ">"):
                if (right, other) not in SAME_OF_ZERO:
                    yield Edit("boundary", *span, f"{left} {other} {right}")


@fault
def other_logic(source: Source) -> Iterator[Edit]:
    """And for or, a condition less, a branch always or never taken."""
    for node in source.in_code(ast.BoolOp):
        begin, end = source.span(node)
        word, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in pairwise(node.values):
            first, second = source.span(left)[1], source.span(right)[0]
            yield Edit("logic", first, second, source.text[first:second].replace(word, other))
        for dropped in node.values:
            kept = [source.code(value) for value in node.values if value is not dropped]
            yield Edit("logic", begin, end, f" {word} ".join(kept))
    for node in source.in_code(ast.UnaryOp):
        if isinstance(node.op, ast.Not):
            yield Edit("logic", *source.span(node), source.code(node.operand))
    for node in source.in_code(ast.IfExp):
        for branch in (node.body, node.orelse):
            yield Edit("logic", *source.span(node), source.code(branch))
    for node in source.in_code(ast.If):
        yield Edit("logic", *source.span(node.test), "True")
        if node.orelse:
            yield Edit("logic", *source.span(node.test), "False")


@fault
def other_rounding(source: Source) -> Iterator[Edit]:
    """Up for down and down for up."""
    for node in source.in_code(ast.BinOp):
        if isinstance(node.op, ast.FloorDiv):
            left, right = source.code(node.left), source.code(node.right)
            divisor = right if re.fullmatch(r"[\w.]+", right) else f"({right.strip('()')})"
            yield Edit("rounding", *source.span(node), f"({left} + {divisor} - 1) // {divisor}")
    for node in source.in_code(ast.Call):
        name = source.code(node.func)
        arguments = [source.code(argument) for argument in node.args]
        if name == "math._ceil_div":
            yield Edit("rounding", *source.span(node), f"({arguments[0]}) // {arguments[1]}")
        elif name == "isqrt":
            yield Edit("rounding", *source.span(node), f"(isqrt({arguments[0]}) + 1)")
        elif name.endswith(("._value", "._value_up")):
            begin, end = source.span(node.func)
            other = name.removesuffix("_up") if name.endswith("_up") else name + "_up"
            yield Edit("rounding", begin, end, other)
    for node in source.in_code(ast.NameConstant):
        kind = "rounding" if "_mul_div" in source.code(node.get_ancestor()) else "constants"
        yield Edit(kind, *source.span(node), str(not node.value))


@fault
def other_constants(source: Source) -> Iterator[Edit]:
    for node in source.in_code(ast.Int):
        if _is_declared_only(source, node):
            continue
        yield Edit("constants", *source.span(node), str(node.value + 1))
        if node.value:
            yield Edit("constants", *source.span(node), str(node.value - 1))


@fault
def dropped_statements(source: Source) -> Iterator[Edit]:
    for body in source.bodies():
        for statement in body:
            code = source.code(statement)
            if isinstance(statement, ast.AnnAssign):
                if statement.value is not None and source.code(statement.value) not in ("0", "False"):
                    nothing = f"empty({source.code(statement.annotation)})"
                    yield Edit("dropped", *source.span(statement.value), nothing)
            elif isinstance(statement, ast.Assert) or "_check_" in code.split("(")[0]:
                kind = "access" if "msg.sender" in code or "owner" in code or "caller" in code else "dropped check"
                yield Edit(kind, *source.span(statement), "pass")
            elif not isinstance(statement, (ast.Return, ast.Pass)):
                yield Edit("dropped", *source.span(statement), "pass")
    for node in source.in_code(ast.If):
        if node.orelse:
            begin = source.span(node.body[-1])[1]
            yield Edit("dropped", begin, source.span(node)[1], "")


@fault
def reordered_statements(source: Source) -> Iterator[Edit]:
    """Neighbours swapped, unless they plainly cannot mind."""
    for body in source.bodies():
        for first, second in pairwise(body):
            if not isinstance(second, ast.Return) and not source.commute(first, second):
                yield _moved(source, "reordered", first, second, [second, first])


@fault
def stale_reads_and_late_writes(source: Source) -> Iterator[Edit]:
    """What is read, read before everything else in its block; what is changed, changed after everything else."""
    for body in source.bodies():
        last = len(body) - isinstance(body[-1], ast.Return) if body else 0
        for index, statement in enumerate(body[:last]):
            code = source.code(statement)
            reads = isinstance(statement, (ast.AnnAssign, ast.Assign)) and ("self." in code or "staticcall" in code)
            passed = body[:index]
            if reads and index >= 2 and not all(source.commute(statement, other) for other in passed):
                yield _moved(source, "stale read", body[0], statement, [statement, *passed])
            passed = body[index + 1 : last]
            if source.changes_something(statement) and len(passed) >= 2 and not all(source.commute(statement, other) for other in passed):
                yield _moved(source, "late write", statement, body[last - 1], [*passed, statement])
    for stored in STALE.items():
        for place in re.finditer(re.escape(stored[0]), source.text):
            yield Edit("stale read", *place.span(), stored[1])
    # A local copy of something stored, read again after something has changed.
    for function in source.functions:
        changes = [statement.lineno for statement in function.body if source.changes_something(statement)]
        for copy in function.get_descendants(ast.AnnAssign):
            if copy.value is None or not source.code(copy.value).startswith(("self.", "market.")) or not source.only_reads(copy):
                continue
            for use in function.get_descendants(ast.Name, {"id": copy.target.id}):
                is_target = isinstance(use.get_ancestor(), (ast.AnnAssign, ast.Assign, ast.AugAssign)) and use.get_ancestor().target is use
                if not is_target and not isinstance(use.get_ancestor(), ast.Attribute) and any(copy.lineno < line < use.lineno for line in changes):
                    yield Edit("stale read", *source.span(use), source.code(copy.value))


def _moved(source: Source, kind: str, first: ast.VyperNode, last: ast.VyperNode, order: list[ast.VyperNode]) -> Edit:
    begin, end = source.span(first)[0], source.span(last)[1]
    indent = "\n" + " " * first.col_offset
    return Edit(kind, begin, end, indent.join([source.code(statement) for statement in order]))


@fault
def swapped_arguments(source: Source) -> Iterator[Edit]:
    """Neighbouring arguments, fields of events and structs, and values returned."""
    for node in source.in_code(ast.Call, ast.Tuple):
        groups = [node.elements] if isinstance(node, ast.Tuple) else [node.args, [keyword.value for keyword in node.keywords]]
        symmetric = isinstance(node, ast.Call) and source.code(node.func) in ("min", "max", "math._mul_div", "liquidity_math._redeemable", "liquidity_math._portion")
        for group in groups:
            for first, second in list(pairwise(group))[symmetric:]:
                (begin, middle), (after, end) = source.span(first), source.span(second)
                swapped = source.text[after:end] + source.text[middle:after] + source.text[begin:middle]
                yield Edit("swapped arguments", begin, end, swapped)


@fault
def swapped_words(source: Source) -> Iterator[Edit]:
    """Base for quote, stake for shares: one name taken for its twin."""
    for node in source.in_code(ast.Name, ast.Attribute):
        parent = node.get_ancestor()
        if isinstance(parent, ast.AnnAssign) and parent.target is node:
            continue
        begin, end = source.span(node)
        name = source.text[begin:end].split(".")[-1]
        if source.code(node).startswith("msg."):
            continue
        for twins in TWINS:
            for word, other in (twins, twins[::-1]):
                for form in (str.lower, str.upper):
                    # As a part of a name: of words that stand between underscores.
                    changed = re.sub(rf"(?<![^_]){form(word)}(?![^_])", form(other), name)
                    if changed != name and re.search(rf"\b{changed}\b", source.text):
                        kind = "swapped tokens" if "base" in twins else "swapped names"
                        yield Edit(kind, end - len(name), end, changed)


@fault
def missing_access(source: Source) -> Iterator[Edit]:
    """Somebody else in the caller's place; locks that are open or closed."""
    for node in source.in_code(ast.Attribute):
        if source.code(node) == "msg.sender":
            yield Edit("access", *source.span(node), "tx.origin")
    for place in re.finditer(r"^# pragma nonreentrancy on\n|^@reentrant\n|reentrant\((?=HashMap)", source.text, re.M):
        end = place.end()
        yield Edit("access", place.start(), end, "(" if place[0].startswith("reentrant") else "")


def mutants_in(root: Path, file: str) -> list[Mutant]:
    """All mutants of one contract or module; `file` is relative to the project."""
    text = (root / file).read_text()
    source = Source(text)
    place = {line: function.name for function in source.functions for line in range(function.lineno, function.end_lineno + 1)}
    edits = [edit for find in FAULTS for edit in find(source)]
    return sorted(mutants_of(file, text, edits, place), key=lambda mutant: mutant.line)
