"""What a search finds after the fit, and what follows from it."""

import pytest

import fluvial
from fluvial.inference.settings import Settings
from fluvial.posterior.judgment import Verdict

PROGRAM = """
parameters { vector[6] x; }
model { target += log_mix(0.8, std_normal_lpdf(x), normal_lpdf(x | 10, 0.5)); }
"""
FEW = {"looks": 2**12, "most_looks": 2**12, "settling_looks": 2**12, "predicted": 64}


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
