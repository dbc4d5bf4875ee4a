"""Mutation score: plant faults in the contracts and in the model, and see whether the fuzzer finds each of them."""

import gc
import json
import os
import random
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from hashlib import sha256
from pathlib import Path

import click
import vyper
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # before site-packages, where a dependency left a package "tests"

from tests.differential.artifacts import CompileError
from tests.differential.command_line import OneLineErrors
from tests.differential.interruption import interruptible
from tests.differential.telling import tell
from tests.mutation import budget, python_mutants, results, vyper_mutants
from tests.mutation.arguments import MATHS
from tests.mutation.contract_check import check_contract, compile_originals
from tests.mutation.forks import NoVerdict, run_all
from tests.mutation.model_check import check_model
from tests.mutation.mutant import Mutant, Verdict

SIDES = ("contracts", "model")
MOCKS = ("founder.py",)  # not the protocol
EQUIVALENT = ROOT / "tests" / "mutation" / "equivalent.toml"
ARGUED = 300  # programs that have a say in an argument that a fault changes nothing
PURE = {"contracts": "contracts/modules/fixed_point.vy", "model": "model/fixed_point.py"}
LIMIT = {"contracts": 600, "model": 120}  # seconds of a processor: several times what a survivor takes
console = Console()
errors = Console(stderr=True)


class Failed(Exception):
    """The run cannot go on; the message says why, in one line."""


def files_of(side: str) -> list[str]:
    if side == "model":
        return sorted(str(path.relative_to(ROOT)) for path in (ROOT / "model").glob("*.py") if path.name not in MOCKS)
    folders = (ROOT / "contracts", ROOT / "contracts" / "modules")
    return [str(path.relative_to(ROOT)) for folder in folders for path in sorted(folder.glob("*.vy"))]


def mutants_of(side: str) -> list[Mutant]:
    find = vyper_mutants.mutants_in if side == "contracts" else python_mutants.mutants_in
    return [mutant for file in files_of(side) for mutant in find(ROOT, file)]


def digest(*parts: object) -> str:
    """Of everything that a verdict depends on: the contracts, the model, the engine and the budget."""
    total = sha256(repr((*parts, vyper.__version__)).encode())
    folders = ("model", "tests/differential", "tests/mutation")
    sources = [*(ROOT / "contracts").rglob("*.vy*"), *(path for folder in folders for path in (ROOT / folder).glob("*.py"))]
    for path in sorted(sources):
        if not path.name.startswith("test_") or path == ROOT / MATHS:
            total.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return total.hexdigest()[:16]


def chosen(mutants: list[Mutant], only: str, sample: int | None, sample_seed: int, ids: set[str] | None) -> list[Mutant]:
    def matches(mutant: Mutant) -> bool:
        text = f"{mutant.id} {mutant.file}:{mutant.line} {mutant.category}: {mutant.change}"
        return only in text and (ids is None or mutant.id in ids)

    found = [mutant for mutant in mutants if matches(mutant)]
    if sample is not None and sample < len(found):
        found = sorted(random.Random(sample_seed).sample(found, sample), key=lambda mutant: (mutant.file, mutant.line))
    return found


def describe(mutant: Mutant) -> str:
    change = mutant.change if len(mutant.change) <= 110 else mutant.change[:107] + "..."
    return f"{mutant.id}  {mutant.file}:{mutant.line}  {mutant.category}: {change}"


def _is_final(verdict: Verdict | None, programs: budget.Budget) -> bool:
    """Whether a verdict holds for these programs: it does not if it survived fewer."""
    return verdict is not None and (verdict.status not in ("survived", "equivalent") or verdict.steps >= programs.steps)


def try_all(
    mutants: list[Mutant], store: results.Store, context: str, budget_of: Callable[[Mutant], budget.Budget], check: Callable, workers: int, side: str
) -> results.Results:
    """The verdicts on all mutants: those that are known, and those that are found now."""
    known = [(mutant, store.known.get(mutant.id + context)) for mutant in mutants]
    missing = [mutant for mutant, verdict in known if not _is_final(verdict, budget_of(mutant))]
    known = [(mutant, verdict) for mutant, verdict in known if _is_final(verdict, budget_of(mutant))]
    # Files take turns, so that the time estimate is right from the start.
    random.Random(1).shuffle(missing)
    survived = sum(verdict.status == "survived" for _, verdict in known)
    found = list(known)
    bar = Progress(
        TextColumn(side), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[alive]} survived,"),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(), console=console, disable=not console.is_terminal, auto_refresh=False,
    )  # fmt: skip
    task = bar.add_task(side, total=len(mutants), completed=len(known), alive=survived)
    if known:
        console.print(f"{side}: {len(known)} of {len(mutants)} verdicts are known from before.")
    with bar:
        for mutant, verdict in run_all(missing, lambda mutant: check(mutant, budget_of(mutant)), workers, LIMIT[side], bar.refresh):
            store.add(mutant.id + context, verdict)
            found.append((mutant, verdict))
            survived += verdict.status == "survived"
            bar.update(task, advance=1, alive=survived)
            if not console.is_terminal and len(found) % 100 == 0:
                console.print(f"{side}: {len(found)} of {len(mutants)}, {survived} survived")
    return found


def show_report(summary: dict) -> None:
    for name in ("category", "file"):
        table = Table(name, "mutants", "killed", "survived", "equivalent", "steps to kill: median", "p90", title=f"{summary['side']}, by {name}")
        for group, counts in summary[f"by_{name}"].items():
            steps = counts["steps_to_kill"]
            numbers = [counts[key] for key in ("mutants", "killed", "survived", "equivalent")]
            table.add_row(group, *map(str, numbers), f"{steps['median']:,.0f}", f"{steps['p90']:,.0f}")
        console.print(table)
    seconds, steps = summary["time_to_kill"]["seconds"], summary["time_to_kill"]["steps"]
    console.print(
        f"{summary['side']}: {summary['mutants']} mutants; {summary['killed']} killed, {summary['survived']} survived, "
        f"{summary['equivalent']} equivalent; score {summary['score']} %. Not compiled: {summary['not_compiled']}.\n"
        f"Time to kill: median {seconds['median']} s ({steps['median']:,.0f} steps), 90th percentile {seconds['p90']} s ({steps['p90']:,.0f} steps).\n"
        f"Killed by: {', '.join(f'{name} {count}' for name, count in summary['killed_by'].items())}.\n"
        f"Killed in: {', '.join(f'{name} {count}' for name, count in summary['killed_in'].items())}."
    )
    for survivor in summary["survivors"]:
        console.print(f"SURVIVED {survivor['id']}  {survivor['file']}:{survivor['line']}  {survivor['category']}: {survivor['change']}", soft_wrap=True, markup=False, highlight=False)


def interrupt(number: int, _frame) -> None:
    raise KeyboardInterrupt(number)


@click.command(cls=OneLineErrors, short_help="Plant faults and see whether the fuzzer finds them")
@click.option("--side", type=click.Choice((*SIDES, "both")), default="both", show_default=True, help="Plant them in the contracts, in the model, or in one after the other.")
@click.option("--examples", type=click.IntRange(min=1), default=2400, show_default=True, help="The budget: how many programs each fault may take to be found.")
@click.option("--steps", type=click.IntRange(min=1), default=50, show_default=True, help="How many calls a program has.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="What the programs are drawn from.")
@click.option("--first", type=click.IntRange(min=1), default=None, help="Only the first so many of the programs, for a quick look: the next run takes the others where it has to.")
@click.option("--workers", type=click.IntRange(min=1), default=os.cpu_count(), show_default="one a core", help="How many mutants run at the same time.")
@click.option("--sample", type=click.IntRange(min=1), default=None, help="Only so many, drawn at random.")
@click.option("--sample-seed", type=click.IntRange(min=0), default=1, show_default=True, help="What the sample is drawn from.")
@click.option("--only", default="", metavar="TEXT", help="Only mutants in whose line in --list this text is found.")
@click.option("--id", "ids", metavar="ID", multiple=True, help="Only this one; may be given several times.")
@click.option("--survivors", is_flag=True, help="Only those that survived the last run.")
@click.option("--list", "list_them", is_flag=True, help="List the mutants and run nothing.")
@click.option("--show", "shown", default=None, metavar="ID", help="Show one mutant as a diff, with what became of it, and run nothing.")
@click.option("--fresh", is_flag=True, help="Forget the verdicts of earlier runs over the same sources and budget.")
@click.option("--build", type=click.Path(file_okay=False, path_type=Path), default=ROOT / "build" / "mutants", help="Where verdicts, programs and report.json go.  [default: build/mutants]")
def cli(side, examples, steps, seed, first, workers, sample, sample_seed, only, ids, survivors, list_them, shown, fresh, build):
    """Plant one fault at a time in a copy of the contracts or of the model, and run the fuzzer's programs in process: is it found?

    After the programs come all calls to contracts that are inside a call; and what survives in a pure function meets arguments of its
    own, in the comparison of all pure functions.

    An interrupted run goes on where it was, as long as contracts, model, engine and budget are the same. A fault that is argued to
    change nothing (tests/mutation/equivalent.toml) meets a few hundred programs only.

    Exits with 0 if every fault was found or is known to change nothing, 1 if some survived, 2 if something could not run,
    130 on Ctrl-C.
    """
    signal.signal(signal.SIGTERM, interrupt)
    try:
        sides = SIDES if side == "both" else (side,)
        mutants = {name: mutants_of(name) for name in sides}
        reasons = results.read_equivalent(EQUIVALENT)
        if side == "both" and (unknown := set(reasons) - {mutant.id for all_of in mutants.values() for mutant in all_of}):
            raise Failed(f"{EQUIVALENT.relative_to(ROOT)} argues about mutants that there are not: {', '.join(sorted(unknown))}")
        if unknown := set(ids) - {mutant.id for all_of in mutants.values() for mutant in all_of}:
            raise Failed(f"there is no mutant {', '.join(sorted(unknown))} here: see --list")
        ids = _survivors(build) if survivors else set(ids) or None
        mutants = {name: chosen(all_of, only, sample, sample_seed, ids) for name, all_of in mutants.items()}
        if list_them:
            for mutant in (mutant for all_of in mutants.values() for mutant in all_of):
                click.echo(describe(mutant))
            return
        store = results.Store(build / "results.jsonl")
        context = " " + digest(examples, steps, seed)
        if fresh:
            store.known = {key: verdict for key, verdict in store.known.items() if not key.endswith(context)}
        if shown:
            _show(shown, [mutant for all_of in mutants.values() for mutant in all_of], store, context, reasons)
            return
        summaries = _run(mutants, store, context, reasons, first, workers, build, examples=examples, length=steps, seed=seed)
    except (Failed, CompileError, NoVerdict, results.ResultsError, python_mutants.MissingTool, OSError) as error:
        tell(errors, f"mutants: {error}", style="red")
        sys.exit(2)
    except KeyboardInterrupt:
        console.print("Interrupted: what is known so far is kept; the same command goes on from there.")
        sys.exit(130)
    sys.exit(1 if any(summary["survived"] for summary in summaries) else 0)


def _run(mutants, store, context, reasons, first, workers, build, **drawing) -> list[dict]:
    with console.status("Compiling the contracts as they are ..."):
        originals = compile_originals()
    with console.status("Drawing the programs ..."), interruptible():
        programs = budget.drawn(originals.quick, **drawing, stored=build / f"programs{context.replace(' ', '-')}.pickle")
    programs = programs if first is None else programs.first(first)
    console.print(f"The budget: {programs.steps:,} steps in {len(programs.programs)} programs.")
    # Forked workers share what is loaded now; the collector would copy it by touching it.
    gc.collect()
    gc.freeze()
    checks = {"contracts": partial(check_contract, originals=originals), "model": check_model}
    short = programs.first(ARGUED)
    summaries = []
    for side, chosen_ones in mutants.items():
        _check_unchanged(side, store, context, programs, checks[side])
        found = try_all(chosen_ones, store, context, lambda mutant: short if mutant.id in reasons else programs, checks[side], workers, side)
        found.sort(key=lambda result: (result[0].file, result[0].line))
        summary = results.report(results.judged(found, reasons), side=side, **drawing, budget_steps=programs.steps)
        show_report(summary)
        summaries.append(summary)
    (build / "report.json").write_text(json.dumps({summary["side"]: summary for summary in summaries}, indent=1) + "\n")
    return summaries


def _check_unchanged(side: str, store: results.Store, context: str, programs: budget.Budget, check: Callable) -> None:
    """What is not changed must survive, or nothing that is killed says anything: a file of pure functions, which meets their arguments too."""
    file = PURE[side]
    unchanged = Mutant(f"unchanged {side}", file, 1, "unchanged", (ROOT / file).read_text(), "")
    verdict = store.known.get(unchanged.id + context)
    if not _is_final(verdict, programs):
        ((_, verdict),) = run_all([unchanged], lambda mutant: check(mutant, programs), 1, LIMIT[side], lambda: None)
        store.add(unchanged.id + context, verdict)
    if verdict.status not in ("survived", "equivalent"):
        raise Failed(f"{side} without a fault are killed: {verdict}")
    console.print(f"{side}: unchanged, both sides agree on all of them.")


def _survivors(build: Path) -> set[str]:
    try:
        summaries = json.loads((build / "report.json").read_text())
    except OSError as error:
        raise Failed(f"no report of an earlier run ({error})") from error
    return {survivor["id"] for summary in summaries.values() for survivor in summary["survivors"]}


def _show(name: str, mutants: list[Mutant], store: results.Store, context: str, reasons: dict[str, str]) -> None:
    found = [mutant for mutant in mutants if mutant.id.startswith(name)]
    if len(found) != 1:
        raise Failed(f"{len(found) or 'no'} mutants are called {name}: see --list")
    (mutant,) = found
    from rich.syntax import Syntax  # here, since Ape imports every script for every command, and this takes long

    console.print(Syntax(mutant.diff(ROOT), "diff", background_color="default"))
    verdict = store.known.get(mutant.id + context, Verdict("not run yet"))
    for key, value in asdict(verdict).items():
        if value:
            console.print(f"{key}: {value}", soft_wrap=True, markup=False)
    if mutant.id in reasons:
        console.print(f"equivalent: {reasons[mutant.id]}", soft_wrap=True, markup=False)


if __name__ == "__main__":
    cli()
