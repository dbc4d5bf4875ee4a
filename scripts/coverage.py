"""Which lines and branches of the contracts a run reaches, from a trace of the EVM."""

import json
import sys
import time
import warnings
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))  # before site-packages, where a dependency left a package "tests"

from model import OPERATIONS
from tests.differential.artifacts import CONTRACTS, LIBRARIES, CompileError, compile_contracts
from tests.differential.command_line import OneLineErrors
from tests.differential.coverage import NAMED, Coverage, Named, TracedDiffers, Watcher, lay_over, read_named
from tests.differential.environment import SetupError, room_for
from tests.differential.interruption import Interrupted, interruptible
from tests.differential.machine import Tally, draw_programs
from tests.differential.source_map import SETTING, Branch, read_codes
from tests.differential.telling import tell

console = Console()
errors = Console(stderr=True)
warnings.filterwarnings("ignore", "Length of compiled bytecode")  # no limit where coverage is measured


def report(coverage: Coverage, named: list[Named], **context) -> dict:
    """What was reached, in numbers, and what was not, by name."""
    reasons = {branch: entry.reason for branch in coverage.branches for entry in named if entry.names(branch)}
    files = {}
    for file in sorted({file for file, _ in coverage.lines}, key=lambda file: (file.startswith("snekmate"), file.count("/"), file)):
        lines = {line: reached for (name, line), reached in sorted(coverage.lines.items()) if name == file}
        branches = {branch: reached for branch, reached in coverage.branches.items() if branch.file == file}
        files[file] = {
            "lines": len(lines), "lines_reached": sum(lines.values()), "lines_missed": [line for line in lines if not lines[line]],
            "branches": len(branches), "branches_reached": sum(branches.values()),
            "branches_named": sum(branch in reasons and not branches[branch] for branch in branches),
        }  # fmt: skip
    return {
        **context,
        "files": files,
        "missed": [asdict(branch) for branch in coverage.missed() if branch not in reasons],
        "named": [{**asdict(branch), "reason": reasons[branch]} for branch in coverage.missed() if branch in reasons],
        "reached_after_all": [asdict(branch) for branch in sorted(reasons) if coverage.branches[branch]],
        "names_nothing": [entry.fits for entry in named if not any(map(entry.names, coverage.branches))],
        "compilers_checks": {"all": len(coverage.checks), "reached": sum(map(bool, coverage.checks))},
    }


def annotate(coverage: Coverage, sources: Path, folder: Path) -> None:
    """Each file with a mark before each line that has code: reached (>), not reached (!), or a side of it not reached (?)."""
    missed = {(branch.file, branch.line) for branch in coverage.missed()}
    marks = {line: "!" if not reached else "?" if line in missed else ">" for line, reached in coverage.lines.items()}
    for file in {file for file, _ in marks}:
        source = sources / file if (sources / file).is_file() else LIBRARIES / file
        target = folder / f"{file}.txt"
        target.parent.mkdir(parents=True, exist_ok=True)
        lines = enumerate(source.read_text().splitlines(), 1)
        target.write_text("".join(f"{marks.get((file, number), ' ')} {text}".rstrip() + "\n" for number, text in lines))


def show(result: dict) -> None:
    table = Table("file", "lines", "branches", "named", title="Reached")
    total = defaultdict(int)
    for file, counts in result["files"].items():
        table.add_row(file, *_cells(counts))
        for name in ("lines", "lines_reached", "branches", "branches_reached", "branches_named"):
            total[name] += counts[name]
    table.add_section()
    table.add_row("all", *_cells(total))
    console.print(table)
    missed = [f"{file}:{', '.join(map(str, counts['lines_missed']))}" for file, counts in result["files"].items() if counts["lines_missed"]]
    _list("Lines not reached", missed)
    _list("Named as reached by no run, and reached after all", _branches(result["reached_after_all"]))
    _list("Named, and not there", map(str, result["names_nothing"]))
    _list("Branches neither reached nor named", _branches(result["missed"]))
    console.print(
        f"{result['drawn']:,} programs drawn, {result['traced']:,} of them traced ({result['steps']:,} steps), {result['seconds']:.0f} s. "
        f"Beside the branches, {result['compilers_checks']['all']:,} checks of the compiler's own."
    )


def _cells(counts: dict) -> tuple[str, str, str]:
    lines, branches = (f"{counts[f'{sort}_reached']:,}/{counts[sort]:,}" for sort in ("lines", "branches"))
    return lines, branches, str(counts["branches_named"] or "")


def _branches(branches: list[dict]) -> list[str]:
    return [str(Branch(**branch)) for branch in branches]


def _list(title: str, lines) -> None:
    for number, line in enumerate(lines):
        if not number:
            console.print(f"{title}:", style="yellow")
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)


def progress_bar(examples: int):
    """A bar on a terminal; a line every ten seconds elsewhere."""
    last = time.monotonic()
    bar = Progress(
        TextColumn("coverage"), BarColumn(), MofNCompleteColumn(), TextColumn("programs drawn, {task.fields[traced]} traced"),
        TimeElapsedColumn(), console=console, disable=not console.is_terminal, transient=True,
    )  # fmt: skip
    task = bar.add_task("coverage", total=examples, traced=0)

    def update(watcher: Watcher) -> None:
        nonlocal last
        bar.update(task, completed=watcher.drawn, total=max(examples, watcher.drawn), traced=watcher.traced)
        if not console.is_terminal and time.monotonic() - last > 10:
            last = time.monotonic()
            console.print(f"{watcher.drawn} of {examples} programs drawn, {watcher.traced} traced")

    return bar, update


@click.command(cls=OneLineErrors, short_help="Which lines and branches of the contracts a run reaches")
@click.option("--examples", type=click.IntRange(min=1), default=2_400, show_default=True, help="How many programs to draw, as `fuzz` does.")
@click.option("--steps", type=click.IntRange(min=1), default=50, show_default=True, help="How many calls a program has.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="What to draw.")
@click.option("--all", "trace_all", is_flag=True, help="Trace every program, not only those in which something new happens: takes several times as long.")
@click.option("--contracts", type=click.Path(exists=True, file_okay=False, path_type=Path), default=CONTRACTS, help="Another folder of contracts.")
@click.option("--report", "report_path", type=click.Path(dir_okay=False, path_type=Path), default="build/coverage/report.json", show_default=True, help="Where to write the report; annotated sources go beside it.")
def cli(examples, steps, seed, trace_all, contracts, report_path):
    """Draw the programs of a run, execute them in an EVM that tells every opcode, and show which lines and branches of the contracts were reached.

    Exits with 0 if every branch was reached or is named, with its reason, in tests/differential/unreachable.toml; 1 if one is neither, or
    one that is named was reached or is not there; 2 if something could not run; 130 on Ctrl-C (nothing is written then).
    """
    began = time.monotonic()
    try:
        room_for(report_path)
        with interruptible():
            with console.status("Compiling, deploying and playing the prologue ..."):
                bar, update = progress_bar(examples)
                watcher = Watcher(compile_contracts(contracts, SETTING), trace_all, update)
                codes = read_codes(contracts)
                start = watcher.play_prologue()
            console.print(f"Drawing {examples} programs of {steps} steps, seed {seed}.")
            with bar:
                draw_programs(watcher, start, Tally(list(OPERATIONS)), examples, steps, seed)
    except (CompileError, SetupError) as error:
        tell(errors, f"coverage: {error}", style="red")
        sys.exit(2)
    except TracedDiffers as error:
        tell(errors, f"coverage: {error}: `ape run fuzz` shows how", style="red")
        sys.exit(2)
    except Interrupted as interrupt:
        console.print("Interrupted: nothing is written.")
        sys.exit(interrupt.status)
    coverage = lay_over(codes, watcher.tracer.trace)
    counts = {"drawn": watcher.drawn, "traced": watcher.traced, "steps": watcher.steps, "seconds": round(time.monotonic() - began, 1)}
    result = report(coverage, read_named(NAMED), seed=seed, **counts)
    report_path.write_text(json.dumps(result, indent=1) + "\n")
    annotate(coverage, contracts, report_path.parent)
    show(result)
    if result["missed"] or result["reached_after_all"] or result["names_nothing"]:
        sys.exit(1)
    console.print("Every branch was reached, or is named with the reason.")
