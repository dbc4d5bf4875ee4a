"""Where in the contracts' code each line and each branch of their source is.

A branch is one side of a condition that the source writes down: of `if`, `elif` and `a if c else b`, of `assert`, of an operand that
`and` or `or` may stop at, of `for`. In the code each is a conditional jump, taken or not, that the compiler's source map gives to that
node of the syntax tree. All other conditional jumps are the compiler's own: which function is called, and its checks of arguments,
re-entrance, overflow and the answers of calls.

Contracts are compiled without optimisation: then each condition has a jump of its own in each code that contains it.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from vyper.compiler import compile_from_file_input
from vyper.compiler.input_bundle import FilesystemInputBundle

from tests.differential.artifacts import CONTRACTS, FILES, LIBRARIES, SETTINGS

ISZERO, JUMPI, PUSH1, PUSH2, PUSH32 = 0x15, 0x57, 0x60, 0x61, 0x7F
SETTING = "none"
COVERED = [name for name, file in FILES.items() if file.parent.name != "mocks"]
# A loop ends with "counter + 1 is not the end: jump to the start"; before the start, one of variable length is left if it is empty.
LOOP_AGAIN = re.compile(rb"\x60\x01\x01\x81\x81\x18\x61(..)\x57", re.DOTALL)
LOOP_IS_EMPTY = re.compile(rb"\x80\x15\x61..\x57(?:\x81\x01)?\x90\Z", re.DOTALL)
BLOCKS = ("body", "orelse")

Line = tuple[str, int]
Site = tuple[int, bool]  # a conditional jump, taken or not
Side = tuple[str, str, set[Site]]  # of a condition: which side, its text, and where that side is


@dataclass(frozen=True, order=True, slots=True)
class Branch:
    """One side of a condition."""

    file: str
    line: int
    function: str
    condition: str
    side: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.function}: {self.condition}: {self.side}"


@dataclass
class Code:
    """One of a contract's two codes, its constructor's or the one at its address, with what it contains of the source."""

    bytes: bytes
    lines: dict[Line, set[int]] = field(default_factory=lambda: defaultdict(set))
    branches: dict[Branch, set[Site]] = field(default_factory=lambda: defaultdict(set))

    def compilers_jumps(self) -> list[int]:
        """The conditional jumps that no condition of the source has."""
        ours = {place for sites in self.branches.values() for place, _ in sites}
        return [place for place in _opcodes(self.bytes) if self.bytes[place] == JUMPI and place not in ours]


def read_codes(sources: Path = CONTRACTS, names: list[str] = COVERED) -> list[Code]:
    """Both codes of each contract in a folder."""
    return [code for name in names for code in _read_contract(name, sources)]


def _read_contract(name: str, sources: Path) -> tuple[Code, Code]:
    bundle = FilesystemInputBundle([LIBRARIES, sources])
    formats = ["bytecode", "bytecode_runtime", "source_map", "source_map_runtime", "annotated_ast_dict"]
    source = bundle.load_file(sources / FILES[name])
    output = compile_from_file_input(source, input_bundle=bundle, settings=SETTINGS[SETTING], output_formats=formats)
    initcode, runtime = (bytes.fromhex(output[form][2:]) for form in formats[:2])
    tree = output["annotated_ast_dict"]
    modules = {module["source_id"]: module for module in (tree["ast"], *tree["imports"]) if module["resolved_path"].endswith(".vy")}
    files = [_File(module, sources) for module in modules.values()]
    constructor = Code(initcode[: initcode.index(runtime)])
    return _laid_over(constructor, files, output["source_map"]), _laid_over(Code(runtime), files, output["source_map_runtime"])


def _laid_over(code: Code, files: list["_File"], source_map: dict) -> Code:
    """Find the lines and branches of the files in the code."""
    places: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))  # by file, by node
    for place, (source_id, node_id) in source_map["pc_ast_map"].items():
        if place < len(code.bytes):
            places[source_id][node_id].append(place)
    for file in files:
        reader = _Reader(code, file, places[file.source_id], source_map["error_map"])
        for function in file.functions:
            reader.read(function)
    return code


def _opcodes(code: bytes, place: int = 0) -> Iterator[int]:
    """The places of the opcodes from a place on."""
    while place < len(code):
        yield place
        place += code[place] - PUSH1 + 2 if PUSH1 <= code[place] <= PUSH32 else 1


class _File:
    """A source file: its functions as the compiler's syntax tree has them, and its text."""

    def __init__(self, module: dict, sources: Path):
        path, ours = Path(module["resolved_path"]).resolve(), sources.resolve()
        self.is_ours = path.is_relative_to(ours)
        self.name = str(path.relative_to(ours if self.is_ours else LIBRARIES.resolve()))
        self.source_id = module["source_id"]
        self.functions = [node for node in module["body"] if node["ast_type"] == "FunctionDef"]
        self.text = path.read_text().splitlines()

    def between(self, first: dict, second: dict | None) -> str:
        """From where one node begins to where another does, or to the end of the first one's last line.

        The column at which a node ends is wrong in the tree wherever the line has a `staticcall` or `extcall`.
        """
        end, column = (second["lineno"], second["col_offset"]) if second else (first["end_lineno"], None)
        lines = self.text[first["lineno"] - 1 : end]
        lines[-1] = lines[-1][:column]
        lines[0] = lines[0][first["col_offset"] :]
        return " ".join(" ".join(line.split("#")[0] for line in lines).split())


class _Reader:
    """Finds the lines and branches of one file in one code."""

    def __init__(self, code: Code, file: _File, places: dict[int, list[int]], errors: dict[int, str]):
        self.code, self.file, self.places, self.errors = code, file, places, errors
        self.function = ""

    def read(self, function: dict) -> None:
        """Note every statement and condition of a function; of a library's, only if the code contains it."""
        if self.file.is_ours or self._places_below(*function["body"]):
            self.function = function["name"]
            self._read_block(function["body"], self.places[function["node_id"]])

    def _read_block(self, statements: list[dict], entry: list[int]) -> None:
        """For a plain `return` or call the map has no place: it is reached where what is before it ends, or its block begins."""
        before = sorted(entry or self._places_below(*statements))[:1]
        for statement in statements:
            places = self._read(statement) or before
            self.code.lines[self.file.name, statement["lineno"]].update(places)
            before = sorted(places)[-1:]

    def _read(self, node: dict) -> list[int]:
        """Note what is in a node; its places, without those of the statements in its blocks."""
        find = getattr(self, f"_sides_of_{node['ast_type']}", lambda _: ())
        for side, condition, sites in find(node):
            self.code.branches[Branch(self.file.name, node["lineno"], self.function, condition, side)] |= sites
        for block, entry in self._blocks(node):
            self._read_block(block, entry)
        return sum([self._read(child) for child in _parts(node)], self.places[node["node_id"]])

    def _blocks(self, node: dict) -> Iterator[tuple[list[dict], list[int]]]:
        """The blocks of a statement, and where each begins: an `if` jumps to its `else`."""
        if node["ast_type"] == "If":
            jumps = list(self._jumps_of(node))
            yield node["body"], [place + 1 for place in jumps]
            yield node["orelse"], [int.from_bytes(self.code.bytes[place - 2 : place], "big") for place in jumps]
        elif node["ast_type"] == "For":
            yield node["body"], []

    def _places_below(self, *nodes: dict) -> list[int]:
        """The places of some nodes and of all below them."""
        below = [self._places_below(*_parts(node), *_statements(node)) for node in nodes]
        return sum(below, [place for node in nodes for place in self.places[node["node_id"]]])

    # One method for each sort of condition.

    def _sides_of_If(self, node: dict) -> Iterator[Side]:
        return _sides(self.file.between(node["test"], node["body"][0]), self._jumps_of(node), "false", "true")

    def _sides_of_IfExp(self, node: dict) -> Iterator[Side]:
        return _sides(self.file.between(node["test"], node["orelse"]), self._jumps_of(node), "false", "true")

    def _sides_of_Assert(self, node: dict) -> Iterator[Side]:
        condition, jumps = self.file.between(node["test"], node["msg"]), self._jumps_of(node)
        # With a reason, the jump leads past what reverts with it; without one, to the place where all such revert.
        if any(self.errors.get(place) == "user assert" for place in jumps):
            return _sides(condition, jumps, "fails", "passes")
        return _sides(condition, jumps, "passes", "fails")

    def _sides_of_BoolOp(self, node: dict) -> Iterator[Side]:
        jumps = self._jumps_of(node)
        for operand, following in zip(node["values"], node["values"][1:]):
            yield from _sides(self.file.between(operand, following), jumps, "false", "true")
            jumps = self._jump_after([*jumps, *self._places_below(following)])

    def _sides_of_For(self, node: dict) -> Iterator[Side]:
        condition, code = self.file.between(node, node["body"][0]), self.code.bytes
        body = self._places_below(*node["body"]) or [-1]
        around = [loop for loop in LOOP_AGAIN.finditer(code) if _start(loop) <= min(body) and max(body) < loop.end()]
        yield from _sides(condition, {loop.end() - 1 for loop in around[:1]}, "goes on", "ends")
        for loop in around[:1]:
            empty = LOOP_IS_EMPTY.search(code, 0, _start(loop))
            yield from _sides(condition, {empty.start() + 5}, "is empty", "is entered") if empty else ()

    def _jumps_of(self, node: dict) -> set[int]:
        return {place for place in self.places[node["node_id"]] if self.code.bytes[place] == JUMPI}

    def _jump_after(self, places: list[int]) -> set[int]:
        """Where an operand that is false jumps past those after it. Of these jumps the source map has the first operand's only."""
        code = self.code.bytes
        for place in _opcodes(code, max(places)) if places else ():
            if code[place] == JUMPI and code[place - 4 : place - 2] == bytes([ISZERO, PUSH2]) and place not in places:
                return {place}
        return set()


def _start(loop: re.Match) -> int:
    return int.from_bytes(loop[1], "big")


def _sides(condition: str, jumps: set[int], taken: str, not_taken: str) -> Iterator[Side]:
    condition = re.sub(r"(\s*\b(and|or|else)\b[\s(]*|[\s:,]+)$", "", condition)
    while condition.count(")") > condition.count("("):
        condition = condition[: condition.rindex(")")].rstrip()
    yield taken, condition, {(place, True) for place in jumps}
    yield not_taken, condition, {(place, False) for place in jumps}


def _statements(node: dict) -> list[dict]:
    """The statements in the blocks of a node."""
    return [child for name in BLOCKS if isinstance(node.get(name), list) for child in node[name]]


def _parts(node: dict) -> list[dict]:
    """The nodes right below one that are no statements.

    Without operators, and without plain names: all operators of a sort are one node of the tree, and of all uses of an argument the
    source map knows the last.
    """
    blocks = () if node["ast_type"] == "IfExp" else BLOCKS
    lists = [value if isinstance(value, list) else [value] for name, value in node.items() if name not in (*blocks, "op")]
    return [child for children in lists for child in children if isinstance(child, dict) and child.get("ast_type", "Name") != "Name"]
