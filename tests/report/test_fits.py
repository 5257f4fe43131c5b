from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.image import imread

import fluvial
from fluvial import amortized
from fluvial.report.page import render_report
from fluvial.report.posterior_pictures import _forest, _pair, draw_pictures
from fluvial.report.training_pictures import draw_training

NORMAL = np.random.default_rng(0).normal(size=(41, 400))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What ``fit`` and ``train`` leave."""
    folder = tmp_path_factory.mktemp("results")
    target = fluvial.Target(lambda x: -0.5 * (x**2).sum(), dim=2)
    fluvial.fit(target, "planar:1", max_steps=100, progress=False).save(folder / "run")
    images = np.random.default_rng(0).random((40, 4, 4)) > 0.5
    dlgm = amortized.DLGM(16, latent=2, hidden=4)
    recipe = amortized.Recipe(epochs=2, batch=10)
    trained = amortized.train(
        dlgm, images, recipe=recipe, checkpoint=folder / "training", progress=False
    )
    drawn = draw_training(trained, images, folder / "training")
    assert drawn == ["curves.png", "samples.png", "reconstructions.png"]
    return folder


def test_a_posterior_is_drawn_with_its_weights_and_the_trace_of_its_training(folder):
    posterior = fluvial.load(folder / "run")
    assert len(posterior.provenance.elbo_trace[0]) == 1
    drawn = draw_pictures(posterior, posterior.scalars(200), folder / "run")
    assert drawn == ["forest.png", "pair.png", "weights.png", "elbo.png"]


def test_a_report_shows_fits_and_trainings(folder):
    page = render_report(folder)
    assert "2 fits and trainings, with what each is worth." in page
    assert "x[1]" in page
    assert "validation bound" in page
    assert page.count('src="data:image/png') >= 3


def test_a_training_that_was_interrupted_at_once_has_no_trace_to_draw(tmp_path):
    x = np.random.default_rng(0).normal(size=400)
    columns = {"x": x, "a_name_of_forty_and_more_letters/" * 2: 2000.0 + x, "y": 2.0 * x}
    drawn = {}
    for name, traces in (("none", ((), (np.nan,))), ("some", ((), (-2.0, -1.0)))):
        posterior = SimpleNamespace(
            pool=SimpleNamespace(chains=1, log_weights=np.full(100, -np.log(100.0))),
            provenance=SimpleNamespace(elbo_trace=traces),
        )
        (tmp_path / name).mkdir()
        drawn[name] = draw_pictures(posterior, columns, tmp_path / name)
    assert drawn["none"] == ["forest.png", "pair.png", "weights.png"]
    assert drawn["some"] == [*drawn["none"], "elbo.png"]
    height, width, _ = imread(tmp_path / "none" / "forest.png").shape
    assert width == 840
    assert height == pytest.approx(120 * (1.2 + 0.3 * 2 + 1.2 + 0.3), abs=2)  # two axes


def test_long_names_stay_inside_the_picture_of_pairs():
    x = np.random.default_rng(0).normal(size=200)
    columns = {f"a_parameter_with_a_name_of_forty_letters_{k}": x + k * x**2 for k in range(2)}
    figure = _pair(columns)
    figure.canvas.draw()
    names = [one for axes in figure.axes for one in (axes.xaxis.label, axes.yaxis.label)]
    boxes = [name.get_window_extent() for name in names if name.get_text()]
    assert len(boxes) >= 4
    assert all(box.x0 >= 0.0 and box.y1 <= figure.bbox.y1 for box in boxes)
    pyplot.close(figure)


@pytest.mark.parametrize(
    ("count", "forest", "pair"), [(41, "first 40 of 41", "first 6 of 41"), (6, "", "")]
)
def test_a_picture_that_leaves_scalars_out_says_how_many_it_shows(count, forest, pair):
    columns = dict(zip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ", NORMAL[:count], strict=False))
    figures = [_forest(columns)[0], _pair(columns)]
    titles = [figure.get_suptitle() for figure in figures]
    assert titles == [f"the {said} scalars" if said else "" for said in (forest, pair)]
    pyplot.close("all")
