"""Histories for tests: what happens in the prologue of the differential tests, and calls drawn after it."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from random import Random

from audit.auditor import Auditor
from audit.chain import Chain
from model import Operation, State, apply
from tests.audit.node import A_CONTRACT, Node, deployment
from tests.differential import world
from tests.differential.live import draw

PAUSES = (1, 12, 12, 60, 1_800, 3_600, world.DAY, world.DAY, world.DAY, 7 * world.DAY)
ERC20 = ("token.transfer", "token.transferFrom", "token.approve")  # what else the tests' tokens can do, no audit can follow


class Story:
    """A node on which things happen, and the model's state of which the next are drawn."""

    def __init__(self, node: Node):
        self.node = node
        self.state: State = world.genesis()
        self.now = 0

    def happen(self, now: int, *operations: Operation, through: str | None = None) -> list[bool]:
        """Calls in one block; whether each succeeded on the chain."""
        calls = []
        for operation in operations:
            self.state, _ = apply(self.state, operation, now)
            calls.append((now, operation.sender, operation.target, self.node.backend.directory.calldata(operation)))
        self.now = now
        return self.node.mine(calls, through)

    def tell_prologue(self) -> None:
        for now, group in groupby(world.prologue(), key=lambda step: step[0]):
            self.happen(now, *[operation for _, operation in group])

    def draw(self, random: Random, blocks: int, together: bool) -> None:
        """Blocks of a call or more, each a transaction of its own, or all of them made by a contract in one."""
        for _ in range(blocks):
            now = self.now + random.choice(PAUSES)
            operations = list(self._operations(random, now))
            self.happen(now, *operations, through=A_CONTRACT if together else None)

    def _operations(self, random: Random, now: int) -> Iterator[Operation]:
        while True:
            operation = draw(random, self.state, now)
            if not operation.name.startswith("token.") or operation.name in ERC20:
                yield operation
                if random.random() < 0.5:
                    return


def auditor(node: Node, folder: Path, begin: int | None = None) -> Auditor:
    return Auditor(Chain(node, sleep=lambda seconds: None), deployment(node.backend), node.backend.artifacts, folder, begin)
