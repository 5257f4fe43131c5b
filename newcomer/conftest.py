"""Which environments the commands are run in."""

from newcomer.commands import all_commands
from newcomer.environments import extras_of
from newcomer.rules import complete, rule_for


def pytest_addoption(parser):
    parser.addoption(
        "--environment", action="append", default=[], help="One that is made; may be repeated."
    )


def pytest_generate_tests(metafunc):
    if {"environment", "command"} <= set(metafunc.fixturenames):
        metafunc.parametrize(
            ("environment", "command"),
            [
                (environment, command)
                for environment in metafunc.config.getoption("environment")
                for command in _completed()
                if _belongs(rule_for(command), environment)
            ],
            ids=lambda value: value if isinstance(value, str) else value.text,
        )


def _completed():
    """List the commands as they are run, each once."""
    found = {}
    for shown in all_commands():
        for command in complete(shown):
            found.setdefault(command.text, command)
    return found.values()


def _belongs(rule, environment):
    """Leave out of an extra's environment what needs no extra: that has been run in ``bare``."""
    extras = extras_of(environment)
    if rule.left_out or (extras >= set(rule.needs) and not extras >= set(rule.uses)):
        return False
    return environment in ("bare", "all") or bool(rule.needs)
