import pytest

from fluvial.replication import replicate
from fluvial.replication.defaults import classes_in

from .books import book, recorded, stream

MODEL = """
class Model:
    def __init__(self, a=1, b=None, c=float("nan"), d=len):
        pass
    def get_params(self):
        return {}
    def __repr__(self):
        return "Model()"
"""


def test_names_of_classes_are_found_in_what_was_printed():
    assert classes_in([[stream("SVC(C=1)\n")], [stream("Pipeline(steps=[f(x=1)])\n")]]) == [
        "Pipeline",
        "SVC",
    ]


@pytest.fixture(scope="module")
def done():
    cells = [
        (MODEL, []),
        ("print(Model())", [stream("Model(a=1, b=None)\n")]),
        ("print(Model())", [stream("Model(a=2, b=None)\n")]),
        ("print(Model())", [stream("Model(a=1, b=3)\n")]),
    ]
    return replicate(recorded(book(*cells)))


def test_the_kernel_says_what_a_text_leaves_out(done):
    assert [cell.verdict.value for cell in done.cells[1:]] == [
        "WITHIN_TOLERANCE",
        "DIFFERS",
        "DIFFERS",
    ]


def test_what_the_kernel_is_asked_is_no_cell_of_the_notebook(done):
    assert {"a": 1, "b": None}.items() <= done.runs[0].defaults["Model"].items()
    assert "d" not in done.runs[0].defaults["Model"]
    assert len(done.runs[0].executed.cells) == len(done.cells)
