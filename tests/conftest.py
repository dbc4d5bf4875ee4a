"""For all tests: the tools beside this Python, contracts as their sources stand, and Hypothesis the same everywhere."""

from hypothesis import HealthCheck, settings

from tests.differential.environment import check_tools, fresh_contracts

# Hypothesis loads a profile of its own where CI is set, which draws the same few examples for ever.
settings.register_profile("makewhole", deadline=None, database=None, suppress_health_check=list(HealthCheck))
settings.load_profile("makewhole")
# pytest --hypothesis-profile thorough: twenty times as many examples, where a test scales with them (the laws do).
settings.register_profile("thorough", settings.get_profile("makewhole"), max_examples=2_000)


def pytest_configure() -> None:
    check_tools()
    fresh_contracts()
