import re

import pytest

from newcomer.commands import ROOT, all_commands
from newcomer.environments import extras_of
from newcomer.rules import RULES, rule_for
from newcomer.running import run, skeleton

EXAMPLES = sorted([*ROOT.glob("examples/*.py"), *ROOT.glob("examples/*.stan")])
PAGES = sorted([*ROOT.glob("README.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("notebooks/*.md")])
# To refuse takes an import or two; this is for a busy machine.
_SECONDS_TO_REFUSE = 30.0


def test_it_keeps_its_promise_or_names_the_missing_extra(environment, command, tmp_path):
    rule = rule_for(command)
    missing = set(rule.needs) - extras_of(environment)
    outcome = run(command, rule, environment, tmp_path)
    if missing:
        own = bool(command.program) or command.text.startswith("python ")
        check_refusal(outcome, missing, own=own)
    else:
        check_promise(outcome, rule, command.promised)


def check_promise(outcome, rule, promised):
    assert outcome.code in rule.codes, str(outcome)
    assert "Traceback" not in outcome.stderr, str(outcome)
    assert "Warning" not in outcome.stderr, str(outcome)
    for text in rule.prints:
        assert text in outcome.stdout, str(outcome)
    assert skeleton(promised) in skeleton(outcome.stdout), str(outcome)
    for file in (*rule.leaves, *said_to_be_saved(outcome.stdout)):
        assert list(outcome.folder.glob(file)), f"{file} is not there; {outcome}"


def said_to_be_saved(stdout):
    for folder, files in re.findall(r"^saved in (.+?): (.+)$", stdout, re.MULTILINE):
        yield from (f"{folder}/{file}" for file in files.split(", "))


def check_refusal(outcome, missing, own):
    last = (outcome.stderr.splitlines() or [""])[-1]
    assert outcome.code == 1, str(outcome)
    assert outcome.seconds < _SECONDS_TO_REFUSE, str(outcome)
    if own:  # a program of the reader's own fails as Python has it
        named = any(f'its extra "{extra}"' in last for extra in missing)
        assert named or last.startswith("ModuleNotFoundError: "), str(outcome)
    else:
        assert "Traceback" not in outcome.stderr, str(outcome)
        assert any(f'its extra "{extra}"' in last for extra in missing), str(outcome)


def test_every_rule_is_about_some_command():
    used = {rule_for(command) for command in all_commands()}
    assert not set(RULES) - used


@pytest.mark.parametrize("path", EXAMPLES)
def test_every_example_is_run_by_a_command(path):
    name = path.relative_to(ROOT).as_posix()
    assert any(name in command.text for command in all_commands())


@pytest.mark.parametrize("path", PAGES)
def test_every_block_says_its_language(path):
    fences = re.findall(r"^```(\w*)$", path.read_text("utf-8"), re.MULTILINE)
    assert all(fences[::2]), "write ```bash for what is typed, ```text for what is printed"
