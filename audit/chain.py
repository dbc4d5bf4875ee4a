"""What a node is asked: by any provider's means, in batches, again where it did not answer."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from requests import HTTPError, RequestException

from deploy.problem import Problem

PATIENCE = 6  # times that a request is made before it has failed
FIRST_PAUSE = 0.5  # seconds; doubled each time
BATCH = 50  # requests sent together, or fewer where a provider refuses that
# Of providers that want to be asked more slowly, rather than for less.
BUSY_CODES = (429, -32016, -32097)
BUSY_STATUSES = (408, 425, 429)
BUSY_WORDS = ("rate limit", "too many requests", "compute units", "throughput", "timed out", "timeout")

Request = tuple[str, list]


class ChainError(Problem):
    """The node did not answer, or cannot; the message says what it was asked, in one line."""


class NoAnswer(ChainError):
    """The node did not answer, however often it was asked."""


class TurnedAway(ChainError):
    """An error of HTTP's that the same request would meet again: too large a request or answer, a path or key that does not fit."""


class Refused(ChainError):
    """The node answered that it will not: too large a range, no such state any more, a call that reverts."""


class Reorganised(ChainError):
    """The chain changed while it was being read."""


class Chain:
    """One node, through a web3 provider (Ape's `provider.web3.provider`)."""

    def __init__(self, provider: Any, sleep: Callable[[float], None] = time.sleep):
        self.provider = provider
        self.sleep = sleep
        self.batch_size = BATCH

    def ask(self, method: str, *parameters: Any, attempts: int = PATIENCE) -> Any:
        """One request's result."""
        answer = self._patiently(method, lambda: self.provider.make_request(method, list(parameters)), attempts)
        return _result(method, answer)

    def ask_all(self, requests: Sequence[Request]) -> list[Any]:
        """The results of many requests, in their order."""
        return [_result(method, answer) for (method, _), answer in zip(requests, self.try_all(requests))]

    def try_all(self, requests: Sequence[Request]) -> list[dict]:
        """The answers to many requests, errors among them, in their order."""
        answers: list[dict] = []
        while len(answers) < len(requests):
            part = list(requests[len(answers) : len(answers) + self.batch_size])
            if self.batch_size == 1:
                method, parameters = part[0]
                answers.append(self._patiently(method, lambda: self.provider.make_request(method, parameters)))  # noqa: B023
                continue
            try:
                got = self._patiently(part[0][0], lambda: self.provider.make_batch_request(part))  # noqa: B023
            except TurnedAway:
                got = None
            if isinstance(got, list) and len(got) == len(part):
                answers += got
            else:  # turned away, or one error for all of the batch
                self.batch_size = max(1, self.batch_size // 4)
        return answers

    def header(self, block: int | str) -> dict:
        """A block without its transactions."""
        number = block if isinstance(block, str) else hex(block)
        found = self.ask("eth_getBlockByNumber", number, False)
        if found is None:
            raise Reorganised(f"there is no block {block}")
        return found

    def _patiently(self, method: str, request: Callable[[], Any], attempts: int = PATIENCE) -> Any:
        problem = ""
        for attempt in range(attempts):
            if attempt:
                self.sleep(FIRST_PAUSE * 2 ** (attempt - 1))
            try:
                answer = request()
            except HTTPError as error:
                status = error.response.status_code if error.response is not None else 0
                problem = f"HTTP {status}"
                if 400 <= status < 500 and status not in BUSY_STATUSES:
                    raise TurnedAway(f"{method}: {problem}") from error
                continue
            except (RequestException, OSError, ValueError) as error:
                problem = type(error).__name__  # not in its own words: a node's URL may have a key in it
                continue
            if not _is_busy(answer):
                return answer
            problem = "the provider wants to be asked more slowly"
        raise NoAnswer(f"{method}: no answer after {attempts} attempts: {problem}")


def _is_busy(answer: Any) -> bool:
    if isinstance(answer, list):
        return any(map(_is_busy, answer))
    if not isinstance(answer, dict) or answer.get("error") is None:
        return False
    code = answer["error"].get("code") if isinstance(answer["error"], dict) else None
    return code in BUSY_CODES or any(word in _message(answer).lower() for word in BUSY_WORDS)


def _message(answer: dict) -> str:
    error = answer["error"]
    return " ".join(str(error.get("message", error) if isinstance(error, dict) else error).split())


def _result(method: str, answer: dict) -> Any:
    if answer.get("error") is not None:  # some say beside a result that the error is null
        raise Refused(f"{method}: {_message(answer)}")
    return answer["result"]
