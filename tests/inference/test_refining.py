"""Rounds of fitting and searching, and what a search that finds mass leads to."""

from dataclasses import replace

import numpy as np
import pytest
from jax.scipy.stats import norm

import fluvial
from fluvial.devices import Devices
from fluvial.inference import refining
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.flow_training import train_modes
from fluvial.inference.flow_training.choosing import Choice
from fluvial.inference.matching import Matched
from fluvial.inference.mode_search.mode_search import Search
from fluvial.inference.run import Run
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.inference.verdict.weighing import weigh
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.judgment import Verdict
from fluvial.posterior.mixture import GaussianComponent
from fluvial.progress import Progress
from fluvial.targets import Target

LEFT_OUT = Search(missing_mass=0.06)
EXACT = GaussianComponent(Gaussian(np.zeros(2), np.eye(2)))
WIDE = GaussianComponent(Gaussian(np.zeros(2), 1.6 * np.eye(2)))
PROGRAM = """
parameters { vector[6] x; }
model { target += log_mix(0.8, std_normal_lpdf(x), normal_lpdf(x | 10, 0.5)); }
"""
FEW = {"looks": 2**12, "most_looks": 2**12, "settling_looks": 2**12, "predicted": 64}


@pytest.fixture
def refined(monkeypatch):
    """What comes of a Gaussian that is too wide, with a flow, if one is wanted, that is right."""

    def train(run, q, *_):
        assert len(q.components) == 1  # what mixtures were grown from, not their components
        return train_modes.TrainedModes([EXACT], False, Choice("realnvp:2"))

    def refine(found, rounds=8):
        run = Run(
            CountedTarget(Target(lambda x: norm.logpdf(x).sum(), dim=2)),
            "auto",
            False,
            0,
            100,
            replace(DEFAULT, search=replace(DEFAULT.search, rounds=rounds)),
            np.random.default_rng(0),
            Progress(shown=False),
            Devices(every=False),
        )
        searches = iter(found)
        monkeypatch.setattr(train_modes, "train_modes", train)
        monkeypatch.setattr(refining, "_search", lambda *_: (next(searches), False))
        return refining.refine(run, Matched(weigh([WIDE], run), None), np.zeros((1, 2)), [])

    return refine


def test_a_mixture_around_which_nothing_is_missing_stays(refined):
    assert refined([Search()]).choice is None


def test_a_flow_is_trained_where_mass_is_missing_that_no_gaussian_holds(refined):
    kept = refined([LEFT_OUT, Search()])
    assert kept.choice is not None
    assert kept.missing_mass == 0.0
    assert kept.fitted.q.components == (EXACT,)


def test_the_last_round_keeps_the_mixture_and_says_what_is_missing(refined):
    kept = refined([LEFT_OUT], rounds=1)
    assert kept.choice is None
    assert kept.drawn is not None
    assert kept.missing_mass == LEFT_OUT.missing_mass


@pytest.mark.parametrize("tolerated", [0.0, 9.0])
def test_how_many_modes_are_missing_is_asked_anew_where_a_search_finds_a_second(tolerated):
    """Climbs end in the wide one alone, and what they said of others was said of that."""
    settings = Settings.of({"explore": FEW | {"missed_again": tolerated}})
    target = fluvial.from_stan(PROGRAM, {})
    posterior = fluvial.fit(target, settings=settings, progress=False)
    assert len(posterior.approximation.components) == 2
    said = " ".join(posterior.reasons)
    assert "Climbs had not ended in all modes, and others were looked for once more" in said
    assert posterior.verdict is (Verdict.GOOD if tolerated else Verdict.FAILED)
    assert ("others may be missing" in said) == (tolerated == 0.0)
