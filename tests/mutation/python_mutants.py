"""Faults planted in the model by Cosmic Ray's operators.

Cosmic Ray makes them; running them is ours (`model_check`), for what decides here is no test-suite but what a chain has been seen to do.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.mutation.mutant import Edit, Mutant, mutants_of

# Whether two equal values are one object is not the model's affair; and for the variables, Cosmic Ray wants to be told which.
LEFT_OUT = ("_Is", "_IsNot", "_Is_Eq", "_IsNot_NotEq", "VariableInserter", "VariableReplacer")


class MissingTool(Exception):
    """Cosmic Ray is not installed; the message says what to do."""


def mutants_in(root: Path, file: str) -> list[Mutant]:
    """All mutants of one file of the model; `file` is relative to the project."""
    text = (root / file).read_text()
    tree = ast.parse(text)
    place = {
        line: node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        for line in range(node.lineno, node.end_lineno + 1)
    }  # fmt: skip
    edits = [edit for statement in tree.body for edit in _edits(text, statement)]
    return sorted(mutants_of(file, text, edits, place), key=lambda mutant: mutant.line)


@cache
def _operators() -> dict[str, object]:
    try:
        from cosmic_ray.plugins import get_operator, operator_names
    except ImportError as error:
        raise MissingTool(f"Cosmic Ray is not installed ({error}): use `make mutants`, which installs it") from error
    names = [name for name in operator_names() if name.startswith("core/") and not name.endswith(LEFT_OUT)]
    return {name.removeprefix("core/"): get_operator(name)() for name in names}


def _edits(text: str, statement: ast.stmt) -> Iterator[Edit]:
    """What the operators make of one statement of a module: parsed alone, it is fast to mutate."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.mutating import mutate_code

    if isinstance(statement, (ast.Import, ast.ImportFrom)) or isinstance(statement, ast.Expr):
        return
    lines = text.splitlines(keepends=True)
    first = min([statement.lineno, *[decorator.lineno for decorator in getattr(statement, "decorator_list", [])]])
    begin, code = len("".join(lines[: first - 1])), "".join(lines[first - 1 : statement.end_lineno])
    nodes = list(ast_nodes(get_ast(code)))
    for name, operator in _operators().items():
        for occurrence in range(sum(len(list(operator.mutation_positions(node))) for node in nodes)):
            mutated = mutate_code(code, operator, occurrence)
            if mutated is not None and mutated != code:
                start, end, replacement = _difference(code, mutated)
                yield Edit(_category(name), begin + start, begin + end, replacement)


def _category(operator: str) -> str:
    for start, category in (
        ("ReplaceBinaryOperator", "arithmetic"), ("ReplaceUnaryOperator", "arithmetic"), ("ReplaceComparisonOperator", "comparison"),
        ("Number", "constants"), ("ReplaceTrue", "constants"), ("ReplaceFalse", "constants"),
    ):  # fmt: skip
        if operator.startswith(start):
            return category
    return {"RemoveDecorator": "dropped", "ZeroIterationForLoop": "loops"}.get(operator, "logic")


def _difference(before: str, after: str) -> tuple[int, int, str]:
    """The least that differs, in whole words."""
    begin = 0
    while begin < min(len(before), len(after)) and before[begin] == after[begin]:
        begin += 1
    tail = 0
    while tail < min(len(before), len(after)) - begin and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    while begin and not before[begin - 1].isspace():
        begin -= 1
    while tail and not before[len(before) - tail].isspace():
        tail -= 1
    return begin, len(before) - tail, after[begin : len(after) - tail]
