"""Write every story to its file: `python -m tests.scenarios.record`."""

from tests.differential import trace
from tests.scenarios.attacks import ATTACKS
from tests.scenarios.bounds import BOUNDS
from tests.scenarios.stories import STORIES


def main() -> None:
    for tell in (*STORIES, *ATTACKS, *BOUNDS):
        story = tell()
        trace.write(story.path, story.trace)
        print(f"{story.path.name}: {len(story.steps)} calls, {story.path.stat().st_size:_} bytes")


if __name__ == "__main__":
    main()
