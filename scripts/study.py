"""The study of runs on the Reserve: its tables and pictures, drawn anew."""

import json
import sys
from pathlib import Path

import click
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[1]))  # before site-packages, where a dependency left a package "tests"

from tests.study import tables

console = Console()


@click.command(short_help="Play runs on the Reserve, and write docs/runs.md's tables and pictures")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if docs/runs.md does not hold the tables that the model gives now.")
@click.option("--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), default=None, help="Write the tables as JSON, too.")
def cli(check, json_path):
    """Play runs on the Reserve in the model, with and without the rationing of R16; write the tables into docs/runs.md and the pictures
    into docs/pictures. The same seeds give the same figures.
    """
    try:
        study(check, json_path)
    except KeyboardInterrupt:
        console.print("Interrupted: what had been written is whole.")
        sys.exit(130)


def study(check: bool, json_path: Path | None) -> None:
    made = {}
    for name, make in tables.TABLES.items():
        with console.status(f"Playing the runs of the table {name} ..."):
            made[name] = make()
        console.print(f"table {name}: {len(made[name].rows)} rows")
    if json_path is not None:
        rows = {name: [dict(zip(table.columns, row, strict=True)) for row in table.rows] for name, table in made.items()}
        json_path.parent.mkdir(parents=True, exist_ok=True)
        json_path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    page = tables.PAGE.read_text()
    written = tables.page_with_tables(page, made)
    if check and written != page:
        console.print("study: docs/runs.md holds other tables than the model gives: run it without --check", style="red", soft_wrap=True)
        sys.exit(1)
    if check:
        console.print("docs/runs.md holds what the model gives now.")
        return
    tables.PAGE.write_text(written)
    from tests.study import pictures  # here, since Ape imports every script for every command, and matplotlib takes long

    for name in pictures.PICTURES:
        with console.status(f"Drawing {name} ..."):
            path = pictures.draw(name)
        console.print(f"picture {path.name}: {path.stat().st_size:,} bytes")
    console.print("Written: docs/runs.md, docs/pictures. The sentences are by hand: read them where figures changed.", soft_wrap=True)


if __name__ == "__main__":
    cli()
