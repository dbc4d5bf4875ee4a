"""For all tests: the tools beside this Python, contracts as their sources stand, and Hypothesis the same everywhere."""

from hypothesis import HealthCheck, settings

from tests.differential.environment import check_tools, fresh_contracts

# Hypothesis loads a profile of its own where CI is set, which draws the same few examples for ever.
settings.register_profile("makewhole", deadline=None, database=None, suppress_health_check=list(HealthCheck))
settings.load_profile("makewhole")


def pytest_configure() -> None:
    check_tools()
    fresh_contracts()
