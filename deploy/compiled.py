"""The contracts as they are deployed: code, interface, where the immutables lie, and what a block explorer needs to verify the source."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import vyper
from eth_abi import decode, encode
from eth_utils import event_abi_to_log_topic, function_abi_to_4byte_selector
from eth_utils.abi import get_abi_input_types, get_abi_output_types
from vyper.compiler import compile_from_file_input
from vyper.compiler.input_bundle import FilesystemInputBundle
from vyper.evm.opcodes import DEFAULT_EVM_VERSION
from vyper.exceptions import VyperException

from deploy.record import Compiler, write_json
from tests.differential.artifacts import LIBRARIES, ROOT, SETTINGS, CompileError

SETTING = "gas"
COMPILER = Compiler(version=vyper.__long_version__, optimize=SETTING, evm_version=DEFAULT_EVM_VERSION)
LENS = "Lens"  # stands beside the system: it has neither arguments nor storage
SYSTEM = ("DLQ", "Pool", "Reserve", "Backstop", "Controller", LENS)
TEST_TOKEN = "MockToken"
FILES = {name: f"contracts/{name}.vy" for name in SYSTEM} | {TEST_TOKEN: f"contracts/mocks/{TEST_TOKEN}.vy"}
BLUEPRINT_PREFIX = b"\xfe\x71\x00"  # ERC-5202, version 0, no data


@dataclass(frozen=True, slots=True)
class Immutable:
    """Where the value of an immutable lies behind the runtime code."""

    name: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Compiled:
    """One contract. `blueprint` deploys its ERC-5202 blueprint; `standard_json` is the compiler's whole input."""

    name: str
    abi: list[dict]
    initcode: str
    runtime: str
    blueprint: str
    immutables: list[Immutable]
    standard_json: dict[str, Any]

    def constructor_arguments(self, *arguments: Any) -> bytes:
        inputs = [item["inputs"] for item in self.abi if item["type"] == "constructor"]
        return encode([parameter["type"] for parameter in inputs[0]], arguments) if inputs else b""

    def deployment(self, *arguments: Any) -> bytes:
        """What a transaction carries that deploys it."""
        return bytes.fromhex(self.initcode) + self.constructor_arguments(*arguments)

    def _function(self, name: str) -> dict[str, Any]:
        (function,) = [item for item in self.abi if item["type"] == "function" and item["name"] == name]
        return function

    def calldata(self, name: str, *arguments: Any) -> bytes:
        """A call of one of its functions."""
        function = self._function(name)
        return function_abi_to_4byte_selector(function) + encode(get_abi_input_types(function), arguments)

    def answer(self, name: str, returned: bytes) -> Any:
        """What a function has returned: a value, or a struct's by their names."""
        function = self._function(name)
        (output,), (value,) = function["outputs"], decode(get_abi_output_types(function), returned)
        return dict(zip([field["name"] for field in output["components"]], value)) if "components" in output else value

    def event(self, name: str, log: dict[str, Any]) -> dict[str, Any] | None:
        """The fields of one of its events, if the log is one."""
        (event,) = [item for item in self.abi if item["type"] == "event" and item["name"] == name]
        signature, *topics = log["topics"] or [""]
        if signature != "0x" + event_abi_to_log_topic(event).hex():
            return None
        indexed = [field for field in event["inputs"] if field["indexed"]]
        others = [field for field in event["inputs"] if not field["indexed"]]
        encoded = bytes.fromhex("".join(topic[2:] for topic in topics) + log["data"][2:])
        # Words, all of them: no event has a field of another length.
        return dict(zip([field["name"] for field in indexed + others], decode([field["type"] for field in indexed + others], encoded)))

    def code(self, immutables: bytes) -> bytes:
        """What then stands on the chain."""
        return bytes.fromhex(self.runtime) + immutables

    @property
    def length_of_immutables(self) -> int:
        return max([immutable.offset + immutable.length for immutable in self.immutables], default=0)

    @property
    def code_of_blueprint(self) -> bytes:
        return BLUEPRINT_PREFIX + bytes.fromhex(self.initcode)


def sources(compiled: dict[str, Compiled]) -> dict[str, str]:
    """The digests of all that was compiled, by their paths: the library's modules among them."""
    digests = {}
    for contract in compiled.values():
        digests |= {path: source["sha256sum"] for path, source in contract.standard_json["sources"].items()}
    return dict(sorted(digests.items()))


@cache
def compile_all(root: Path = ROOT) -> dict[str, Compiled]:
    """Compile what a deployment may need, or take what was compiled of the very same sources before: once a process."""
    paths = [(folder, path) for folder, name in ((root, "contracts"), (LIBRARIES, "snekmate")) for path in (folder / name).rglob("*.vy*")]
    digests = {str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() for folder, path in sorted(paths)}
    digest = sha256(json.dumps([COMPILER.model_dump(), digests]).encode()).hexdigest()
    stored = root / ".build" / "deploy" / f"{digest[:32]}.json"
    if not stored.is_file():
        write_json(stored, [asdict(_compile(name, root)) for name in FILES])
    entries = json.loads(stored.read_text())
    compiled = [Compiled(**entry | {"immutables": [Immutable(**each) for each in entry["immutables"]]}) for entry in entries]
    return {each.name: each for each in compiled}


def _compile(name: str, root: Path) -> Compiled:
    bundle = FilesystemInputBundle([LIBRARIES, root])
    formats = ["abi", "bytecode", "bytecode_runtime", "blueprint_bytecode", "layout", "solc_json"]
    try:
        output = compile_from_file_input(
            bundle.load_file(root / FILES[name]), input_bundle=bundle, settings=SETTINGS[SETTING], output_formats=formats
        )
    except VyperException as error:
        raise CompileError(f"{name} does not compile: {' '.join(str(error).split())[:500]}") from error
    abi, *codes, layout, standard_json = (output[form] for form in formats)
    immutables = list(_immutables("", layout.get("code_layout", {})))
    return Compiled(name, abi, *[code[2:] for code in codes], immutables, _without_our_paths(standard_json, name))


def _immutables(prefix: str, layout: dict[str, Any]) -> Iterator[Immutable]:
    for name, entry in layout.items():
        if "offset" in entry:
            yield Immutable(prefix + name, entry["offset"], entry["length"])
        else:
            yield from _immutables(f"{prefix}{name}.", entry)


def _without_our_paths(standard_json: dict[str, Any], name: str) -> dict[str, Any]:
    """Where the compiler found a library is nobody's business: `snekmate/...` stands beside `contracts/...`."""
    found = {path[path.rfind("snekmate/") :] if "snekmate/" in path else path: text for path, text in standard_json["sources"].items()}
    settings = {**standard_json["settings"], "search_paths": ["."], "evmVersion": COMPILER.evm_version}
    settings["outputSelection"] = {FILES[name]: ["abi", "evm.bytecode", "evm.deployedBytecode"]}
    return {"language": "Vyper", "sources": dict(sorted(found.items())), "settings": settings}
