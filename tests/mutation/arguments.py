"""What survives the programs in a pure function meets arguments of its own.

Programs meet few of those that there can be; `tests/differential/test_maths.py` compares contracts and model over the whole domain.
"""

import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.mutation.mutant import Mutant, Verdict

ROOT = Path(__file__).parents[2]
MATHS = "tests/differential/test_maths.py"
LIMIT = 300  # seconds of a processor: several times what it takes


def meet_all_arguments(mutant: Mutant, survived: Verdict) -> Verdict:
    """The verdict on a mutant that survived the programs, with its fault in a copy of all that is compared."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for part in ("contracts", "model", "tests/differential"):
            shutil.copytree(ROOT / part, Path(folder) / part, ignore=shutil.ignore_patterns("__pycache__"))
        (Path(folder) / "tests" / "__init__.py").touch()
        (Path(folder) / mutant.file).write_text(mutant.source)
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--noconftest", "--hypothesis-seed=1", MATHS]
        limit = partial(resource.setrlimit, resource.RLIMIT_CPU, (LIMIT, resource.getrlimit(resource.RLIMIT_CPU)[1]))
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, preexec_fn=limit)
    seconds = survived.seconds + time.monotonic() - began
    if done.returncode == 0:
        return replace(survived, seconds=seconds)
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return Verdict("killed", "timeout", "unknown", survived.steps, seconds)
    failed = re.search(rf"^FAILED {re.escape(MATHS)}::(\S+)", done.stdout, re.M)
    if failed is None:
        raise RuntimeError(f"the comparison of pure functions could not run: {done.stdout[-500:]}{done.stderr[-500:]}")
    return Verdict("killed", "arguments", failed[1], survived.steps, seconds, "result")
