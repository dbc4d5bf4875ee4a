"""The two sets of rules that the study compares: the model as it is, and the model without R16's rationing.

First come, first served is not written anew: it is the model's own source with one line changed, imported under another name.
"""

import importlib
import re
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import model

SOURCES = Path(model.__file__).parent
RATIONED = "    return portion(held, units, total_units - MINIMUM_UNITS)\n"
UNRATIONED = "    return held\n"


def changed_model(name: str, file: str, before: str, after: str) -> ModuleType:
    """The model under another name, with one passage of one file changed; the passage must stand there exactly once."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / name
        package.mkdir()
        for source in SOURCES.glob("*.py"):
            text = source.read_text()
            if source.name == file:
                assert text.count(before) == 1, f"{file} does not hold this passage once: {before!r}"
                text = text.replace(before, after)
            (package / source.name).write_text(re.sub(r"^(from|import) model\b", rf"\1 {name}", text, flags=re.MULTILINE))
        sys.path.insert(0, folder)
        try:
            return importlib.import_module(name)
        finally:
            sys.path.remove(folder)


AS_THEY_ARE = model
FIRST_COME_FIRST_SERVED = changed_model("model_first_come_first_served", "waterfall.py", RATIONED, UNRATIONED)
