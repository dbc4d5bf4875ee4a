"""Where Hypothesis keeps the programs that are worth running again: in a folder, or in a Redis that several machines share."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase
from hypothesis.extra.redis import RedisExampleDatabase
from redis import Redis
from redis.exceptions import RedisError

from tests.differential.environment import SetupError

LASTING = timedelta(days=3_650)
PATIENCE = 10  # seconds for Redis to answer


@contextmanager
def corpus(where: str) -> Iterator[ExampleDatabase]:
    """The corpus in a folder, or at redis://HOST:PORT/NUMBER.

    Raises
    ------
    SetupError
        If it cannot be had, or is lost in the block.
    """
    if "://" not in where:
        folder = Path(where)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SetupError(f"no corpus at {where}: {error.strerror}") from error
        yield DirectoryBasedExampleDatabase(folder)
        return
    try:
        server = Redis.from_url(where, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
    except ValueError as error:
        raise SetupError(f"no Redis at {where}: {error}") from error
    try:
        server.ping()
        yield RedisExampleDatabase(server, expire_after=LASTING)
    except RedisError as error:
        raise SetupError(f"no Redis at {where}: {' '.join(str(error).split())}") from error
    finally:
        server.close()
