"""Runs the budget against the contracts with one fault in them: the programs, and what survives these in a pure function, its arguments."""

import ast
import gc
import shutil
import tempfile
import time
import warnings
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from vyper.compiler import compile_from_file_input
from vyper.compiler.input_bundle import FilesystemInputBundle

from tests.differential.artifacts import CONTRACTS, FILES, LIBRARIES, ROOT, SETTINGS, Artifact, Artifacts
from tests.differential.artifacts import compile_contract, compile_contracts
from tests.differential.evm import Evm
from tests.mutation.arguments import meet_all_arguments
from tests.mutation.budget import Budget
from tests.mutation.mutant import Mutant, Verdict

# What runs is compiled without optimisation, which takes a third of the time; what is deployed is compiled for gas.
TWIN = CONTRACTS / "mocks" / "MathTwin.vy"
QUICK, DEPLOYED = "none", "gas"


@dataclass(frozen=True)
class Originals:
    """The contracts as they stand, compiled with either setting."""

    quick: Artifacts
    deployed: Artifacts


def compile_originals() -> Originals:
    return Originals(compile_contracts(setting=QUICK), compile_contracts(setting=DEPLOYED))


def check_contract(mutant: Mutant, budget: Budget, originals: Originals) -> Verdict:
    """What the engine makes of a mutant of the contracts."""
    with tempfile.TemporaryDirectory() as folder:
        sources = Path(folder) / "contracts"
        shutil.copytree(CONTRACTS, sources)
        (sources / Path(mutant.file).relative_to(CONTRACTS.name)).write_text(mutant.source)
        changed = affected(mutant.file)
        try:
            quick = {name: _compile(originals.quick[name], name, sources) for name in changed}
        except Exception as error:  # a source that it refuses, or, seldom, one that it fails on
            return Verdict("invalid", note=" ".join(str(error).split())[:200])
        verdict = run(originals.quick | quick, budget)
        if verdict.status == "survived" and all(
            _code(compile_contract(name, sources, DEPLOYED)) == _code(originals.deployed[name]) for name in changed
        ):
            return Verdict("equivalent", steps=verdict.steps, seconds=verdict.seconds, note="the compiler makes the same code of it")
        if verdict.status == "survived" and ROOT / mutant.file in _imported(TWIN):
            return meet_all_arguments(mutant, verdict)
        return verdict


def _compile(original: Artifact, name: str, sources: Path) -> Artifact:
    """A contract as quickly as it can be had, with the interface of the original: what a call and an event look like is told by that."""
    gc.disable()  # a third of the compiler's time
    warnings.simplefilter("ignore")  # without optimisation, a Pool is larger than Ethereum allows: no matter here
    bundle = FilesystemInputBundle([LIBRARIES, sources])
    source, forms = bundle.load_file(sources / FILES[name]), ["bytecode", "blueprint_bytecode"]
    output = compile_from_file_input(source, input_bundle=bundle, settings=SETTINGS[QUICK], output_formats=forms)
    initcode, blueprint = (bytes.fromhex(output[form][2:]) for form in forms)
    return replace(original, initcode=initcode, blueprint=blueprint)


def _code(artifact: Artifact) -> bytes:
    """What deploys a contract, without what the compiler says of its sources; the last two bytes say how long that is."""
    return artifact.initcode[: -int.from_bytes(artifact.initcode[-2:], "big")]


def run(artifacts: Artifacts, budget: Budget) -> Verdict:
    """Deploy, play the prologue and then the programs, until something differs."""
    began = time.monotonic()
    try:
        evm = Evm(artifacts)
    except RuntimeError as error:
        return Verdict("killed", "deployment", "deployment", 0, time.monotonic() - began, str(error)[:200])
    done = 0
    for part, program in [("prologue", budget.prologue), *[("", program) for program in budget.programs]]:
        found = program.difference(*evm.execute(program.calls))
        if found is not None:
            index, what = found
            steps = 0 if part else done + index + 1
            return Verdict("killed", part or what, program.operations[index]["name"], steps, time.monotonic() - began, what)
        if part:
            evm.keep(budget.start)
        else:
            done += len(program.calls)
    return Verdict("survived", steps=done, seconds=time.monotonic() - began)


@cache
def affected(file: str) -> list[str]:
    """The compiled contracts that a source file is part of."""
    return [name for name, path in FILES.items() if ROOT / file in _imported(CONTRACTS / path)]


@cache
def _imported(path: Path) -> frozenset[Path]:
    """A source file and all that it imports, directly or not."""
    found = {path}
    for line in path.read_text().splitlines():
        if line.startswith("from ."):
            (statement,) = ast.parse(line).body
            folder = path.parents[statement.level - 1] / (statement.module or "").replace(".", "/")
            for name in statement.names:
                module = folder / f"{name.name}.vy"
                found |= _imported(module) if module.is_file() else set()
    return frozenset(found)
