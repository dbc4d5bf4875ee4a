"""The contracts, compiled as they stand in a folder, with one of the compiler's settings.

Ape compiles the same sources for who deploys by hand. What is compared is compiled here: from any folder, with any setting, and
anew whenever any source has changed, a module included.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from warnings import catch_warnings, simplefilter

import snekmate
import vyper
from vyper.compiler import compile_from_file_input
from vyper.compiler.input_bundle import FilesystemInputBundle
from vyper.compiler.settings import OptimizationLevel, Settings
from vyper.exceptions import VyperException
from vyper.warnings import ContractSizeLimit

ROOT = Path(__file__).parents[2]
CONTRACTS = ROOT / "contracts"
LIBRARIES = Path(snekmate.__path__[0]).parent
MOCKS = ("AwkwardToken", "Inspector", "Founder", "HollowPool")
FILES = {
    **{name: Path(f"{name}.vy") for name in ("Controller", "Pool", "Reserve", "Backstop", "DLQ", "Lens")},
    **{name: Path("mocks", f"{name}.vy") for name in MOCKS},
}
SETTINGS = {
    "gas": Settings(optimize=OptimizationLevel.GAS),
    "codesize": Settings(optimize=OptimizationLevel.CODESIZE),
    "none": Settings(optimize=OptimizationLevel.NONE),
    "venom": Settings(optimize=OptimizationLevel.GAS, experimental_codegen=True),
}


class CompileError(Exception):
    """A contract does not compile; the message says which and why, in one line."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract. `blueprint` is the code that deploys its ERC-5202 blueprint."""

    abi: list[dict]
    initcode: bytes
    runtime: bytes
    blueprint: bytes


Artifacts = dict[str, Artifact]


def compile_contract(name: str, sources: Path = CONTRACTS, setting: str = "gas") -> Artifact:
    """Compile one contract of a folder.

    Raises
    ------
    CompileError
        If it does not compile.
    """
    bundle = FilesystemInputBundle([LIBRARIES, sources])
    formats = ["abi", "bytecode", "bytecode_runtime", "blueprint_bytecode"]
    try:
        source = bundle.load_file(sources / FILES[name])
        with catch_warnings():
            # A size that no network takes matters to those alone who deploy to one: see `environment.check_sizes`.
            simplefilter("ignore", ContractSizeLimit)
            output = compile_from_file_input(source, input_bundle=bundle, settings=SETTINGS[setting], output_formats=formats)
    except (VyperException, FileNotFoundError) as error:
        raise CompileError(f"{name} does not compile: {' '.join(str(error).split())[:500]}") from error
    abi, *codes = (output[form] for form in formats)
    return Artifact(abi, *[bytes.fromhex(code[2:]) for code in codes])


def compile_contracts(sources: Path = CONTRACTS, setting: str = "gas", cache: Path = ROOT / ".build" / "artifacts") -> Artifacts:
    """Compile all contracts of a folder, or take what was compiled of the very same sources before."""
    digest = sha256(f"{vyper.__version__} {version('snekmate')} {setting}".encode())
    for path in sorted(sources.rglob("*.vy*")):
        digest.update(str(path.relative_to(sources)).encode() + path.read_bytes())
    stored = cache / f"{digest.hexdigest()[:32]}.json"
    if stored.is_file():
        return {name: _read(entry) for name, entry in json.loads(stored.read_text()).items()}
    artifacts = {name: compile_contract(name, sources, setting) for name in FILES}
    cache.mkdir(parents=True, exist_ok=True)
    # Written beside and then moved: another process never reads half a file.
    unfinished = stored.with_suffix(f".{id(artifacts)}")
    unfinished.write_text(json.dumps({name: _plain(artifact) for name, artifact in artifacts.items()}))
    unfinished.replace(stored)
    return artifacts


def _plain(artifact: Artifact) -> dict:
    codes = {"initcode": artifact.initcode, "runtime": artifact.runtime, "blueprint": artifact.blueprint}
    return {"abi": artifact.abi, **{name: code.hex() for name, code in codes.items()}}


def _read(entry: dict) -> Artifact:
    return Artifact(entry["abi"], *[bytes.fromhex(entry[name]) for name in ("initcode", "runtime", "blueprint")])
