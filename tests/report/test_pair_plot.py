import matplotlib.image
import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.report import pair_plot


def columns(count, size=300):
    rng = np.random.default_rng(0)
    return {f"x{i}": rng.standard_normal(size) for i in range(count)}


def pixels(path):
    return matplotlib.image.imread(path)[..., :3]


def test_more_parameters_make_a_larger_picture_up_to_six(tmp_path):
    widths = [
        pixels(pair_plot(columns(count), tmp_path / f"{count}.png")).shape[1]
        for count in (1, 2, 6, 9)
    ]
    assert widths[0] < widths[1] < widths[2] == widths[3]


def test_the_background_is_white_and_opaque(tmp_path):
    image = matplotlib.image.imread(pair_plot(columns(2), tmp_path / "pair.png"))
    assert np.all(image[0, 0, :3] == 1.0)
    assert np.all(image[..., 3] == 1.0) if image.shape[2] == 4 else True


def test_what_cannot_be_drawn_is_left_out(tmp_path):
    draws = columns(2)
    more = {"constant": np.ones(300), "infinite": np.append(np.inf, np.zeros(299))} | draws
    more |= {"missing": np.full(300, np.nan)}
    a, b = pair_plot(draws, tmp_path / "a.png"), pair_plot(more, tmp_path / "b.png")
    assert np.array_equal(pixels(a), pixels(b))


def test_nothing_to_draw(tmp_path):
    with pytest.raises(InputError, match="there is no pair to plot"):
        pair_plot({"constant": np.ones(300)}, tmp_path / "pair.png")
    assert not (tmp_path / "pair.png").exists()


def test_a_picture_that_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(InputError, match=r"file.* cannot be written"):
        pair_plot(columns(2), tmp_path / "file" / "pair.png")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
