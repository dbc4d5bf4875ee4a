"""Write every story to its file: `python -m tests.scenarios.record`."""

from tests.scenarios.stories import STORIES


def main() -> None:
    for tell in STORIES:
        story = tell()
        story.path.write_text(story.text)
        print(f"{story.path.name}: {len(story.steps)} calls, {len(story.text):_} bytes")


if __name__ == "__main__":
    main()
