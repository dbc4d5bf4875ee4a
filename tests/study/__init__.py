"""The study of runs on the Reserve: price paths, people who leave, and what the rules make of it. `docs/runs.md` tells what it finds."""
