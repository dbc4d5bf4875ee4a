"""Long campaigns: what fuzz does, for hours, on several workers; what is found lasts, and so does how far it has come."""

import json
import sys
import time
from datetime import timedelta
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

sys.path.insert(0, str(Path(__file__).parents[1]))  # before site-packages, where a dependency left a package "tests"

from tests.differential import trace
from tests.differential.artifacts import CONTRACTS, SETTINGS
from tests.differential.campaign import Campaign, Plan, held, known_seed, run_campaign
from tests.differential.command_line import OneLineErrors
from tests.differential.corpus import corpus
from tests.differential.engine import PrologueDiffers, Step, describe
from tests.differential.environment import BACKENDS, SetupError, backend
from tests.differential.interruption import Interrupted
from tests.differential.machine import Tally
from tests.differential.plain import call_of
from tests.differential.summary import report, show
from tests.differential.telling import tell, tell_difference
from tests.differential.trace import TraceError
from tests.differential.trace_schema import GENESIS

console = Console()
errors = Console(stderr=True)
QUIET_SECONDS = 60  # between two lines about progress where there is no terminal


class Display:
    """What is seen of a campaign: findings as they come, and a bar; a line a minute where there is no terminal."""

    def __init__(self, campaign: Campaign, seconds: float):
        self.campaign = campaign
        self.seconds = seconds
        self.began = self.last = time.monotonic()
        self.steps_before = campaign.tally.steps
        self.status = console.status("Compiling, deploying and playing the prologue ...")
        self.bar = Progress(
            TextColumn("campaign"), BarColumn(), TextColumn("{task.fields[said]}"),
            console=console, disable=not console.is_terminal, transient=True,
        )  # fmt: skip
        self.task = self.bar.add_task("campaign", total=seconds, completed=campaign.progress.seconds, said="")

    def __enter__(self) -> "Display":
        self.status.start()
        return self

    def __exit__(self, *_) -> None:
        self.status.stop()
        self.bar.stop()

    def deployed(self, places: list[str]) -> None:
        self.status.stop()
        for place in places:
            tell(console, f"Deployed {place}.")
        progress = self.campaign.progress
        come = f"after {progress.rounds} rounds, {clock(progress.seconds)} of " if progress.rounds else "for "
        tell(console, f"Both sides agree on the prologue. Drawing {come}{clock(self.seconds)}, seed {progress.plan.seed}, workers {len(places)}.")
        self.began = self.last = time.monotonic()
        self.bar.start()

    def progress(self, campaign: Campaign, reached: Tally, seconds: float) -> None:
        now = time.monotonic()
        rate = (reached.steps - self.steps_before) / max(now - self.began, 0.001)
        said = (
            f"{clock(seconds)} of {clock(self.seconds)}, {campaign.progress.rounds} rounds, {reached.steps:,} steps, "
            f"{rate:,.0f} steps/s, {reached.mismatches} findings"
        )
        self.bar.update(self.task, completed=seconds, said=said)
        if not console.is_terminal and now - self.last > QUIET_SECONDS:
            self.last = now
            tell(console, said)

    def found(self, path: Path, label: str) -> None:
        tell(console, f"FOUND {label}: {path}", style="bold red")


def clock(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))


def whole_report(campaign: Campaign) -> dict:
    """The campaign in numbers, and what it has found."""
    progress = campaign.progress
    findings = [
        {
            "fingerprint": digest,
            "label": found["fingerprint"]["label"],
            "times": progress.seen.get(digest, 0),
            "steps": len(found["steps"]),
            "shrunk": found["context"].get("shrunk", False),
            "trace": str(campaign.findings.path(digest)),
            "replay": trace.command_to_replay(campaign.findings.path(digest), found["context"]),
        }
        for digest, found in campaign.findings.read().items()
    ]
    numbers = report(campaign.tally, None, progress.seconds, **progress.plan.model_dump(), rounds=progress.rounds, starts=progress.starts)
    return {**numbers, "mismatches": len(findings), "findings": findings, "missing": campaign.tally.missing()}


def readable(result: dict, campaign: Campaign) -> str:
    """The report for people, as Markdown."""
    lines = [
        "# Campaign",
        "",
        f"Backend {result['backend']}, setting {result['setting']}, seed {result['seed']}; {clock(result['seconds'])} in {result['starts']} starts and {result['rounds']} rounds.",
        "",
        f"{result['steps']:,} steps in {result['examples']:,} programs compared, {result['steps_per_second']:,.0f} a second.",
        "",
        f"## Findings: {len(result['findings'])}",
        "",
    ]
    known = campaign.findings.read()
    for finding in result["findings"]:
        calls = [Step(*call_of(step), outcome=None, state=None) for step in known[finding["fingerprint"]]["steps"]]
        lines += [
            f"### {finding['label']}",
            "",
            f"Fingerprint {finding['fingerprint']}, met {finding['times']:,} times{'' if finding['shrunk'] else '; not shrunk yet'}.",
            f"Run it again: `{finding['replay']}`",
            "",
            *[f"    {number:>3}. {describe(step)}" for number, step in enumerate(calls, 1)],
            "",
        ]
    lines += ["## Reached", "", *[f"- not yet: {name}" for name in result["missing"]], ""]
    lines += ["| operation | succeeded | reverted |", "| --- | ---: | ---: |"]
    lines += [f"| {name} | {counts['ok']:,} | {counts['reverted']:,} |" for name, counts in result["operations"].items()]
    lines += ["", "| step of the waterfall | hits |", "| --- | ---: |", *[f"| {name} | {hits:,} |" for name, hits in result["waterfall"].items()]]
    return "\n".join(lines) + "\n"


def write_reports(campaign: Campaign) -> dict:
    result = whole_report(campaign)
    (campaign.folder / "report.json").write_text(json.dumps(result, indent=1) + "\n")
    (campaign.folder / "report.md").write_text(readable(result, campaign))
    return result


@click.command(cls=OneLineErrors, short_help="Fuzz for hours, on several workers; what is found lasts")
@click.option("--hours", type=click.FloatRange(min=0, min_open=True), required=True, help="How long the campaign lasts in all, however often it is interrupted.")
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="How many processes draw and compare side by side.")
@click.option("--backend", "backend_name", type=click.Choice(BACKENDS), default="evm", show_default=True, help="What executes the contracts.")
@click.option("--setting", type=click.Choice(SETTINGS), default="gas", show_default=True, help="How the compiler optimises the contracts.")
@click.option("--contracts", type=click.Path(exists=True, file_okay=False, path_type=Path), default=CONTRACTS, help="The folder of the contracts, if they are not this project's own.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), default="build/campaign", show_default=True, help="Where the campaign's state, findings and reports are.")
@click.option("--database", metavar="FOLDER|URL", default=None, help="The corpus: a folder, or redis://HOST:PORT/NUMBER to share it between machines; without it, FOLDER/corpus.")
@click.option("--steps", type=click.IntRange(min=1), default=50, show_default=True, help="How many calls a program has.")
@click.option("--seed", type=click.IntRange(min=0), default=None, help="What the rounds' seeds are derived from; without it, the campaign's own, or a new one.")
@click.option("--shrink-seconds", type=click.FloatRange(min=0), default=120, show_default=True, help="How long to look for a smaller form of a finding.")
def cli(hours, workers, backend_name, setting, contracts, folder, database, steps, seed, shrink_seconds):
    """Draw and compare programs for hours. Each cause that is found is written down at once, as a trace in FOLDER/findings, and
    shrunk; then the campaign goes on, and only counts that cause. The same command goes on with a campaign that was interrupted,
    or was killed; with more hours, also with one that has ended.

    Writes FOLDER/report.json and FOLDER/report.md in the end, and on Ctrl-C. Exits with 0 if nothing was found so far, 1 if something was,
    2 if something could not run, 130 on Ctrl-C.
    """
    seconds = 3_600 * hours
    database = database or str(folder / "corpus")
    status = 0
    context = {"backend": backend_name, "setting": setting, **trace.of_contracts(contracts)}
    try:
        with held(folder):
            seed = known_seed(folder) if seed is None else seed
            plan = Plan(backend=backend_name, setting=setting, steps=steps, seed=time.time_ns() % 2**32 if seed is None else seed)
            campaign = Campaign(folder, plan)
            with corpus(database):
                pass  # what is not there is said before any work
            try:
                if campaign.progress.seconds < seconds:
                    open_backend = partial(backend, backend_name, setting=setting, sources=contracts)
                    display = Display(campaign, seconds)
                    run_campaign(
                        campaign, workers, open_backend,
                        seconds=seconds, database=database, shrink_seconds=shrink_seconds, display=display, **context,
                    )  # fmt: skip
            except Interrupted as interrupt:
                status = interrupt.status
            finally:
                result = write_reports(campaign)
    except (SetupError, TraceError) as error:
        tell(errors, f"campaign: {error}", style="red")
        sys.exit(2)
    except PrologueDiffers as found:
        failing = found.steps[: found.difference.index + 1]
        trace.write(folder / "prologue.json", trace.record(failing, GENESIS, difference=found.difference, **context))
        tell(console, "MISMATCH before the first drawn call, in the prologue:", style="bold red")
        tell_difference(console, found.steps, found.difference, most=3)
        tell(console, f"Run it again on both sides: {trace.command_to_replay(folder / 'prologue.json', context)}")
        sys.exit(1)
    show(console, result)
    for finding in result["findings"]:
        tell(console, f"{finding['label']}: {finding['steps']} calls, met {finding['times']:,} times: {finding['trace']}")
    if status:
        tell(console, f"Interrupted; the same command goes on. Report: {folder / 'report.md'}")
    else:
        tell(console, f"{clock(campaign.progress.seconds)} in all; more --hours go on. Report: {folder / 'report.md'}")
    sys.exit(status or (1 if result["findings"] else 0))
