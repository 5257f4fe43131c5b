from fluvial.replication.order import disordered

from .books import book, recorded


def ordered(*counts):
    notebook = book(("x = 1", []), ("print(x)", []), ("x = 2", []))
    for cell, count in zip(notebook.cells, counts, strict=True):
        cell.execution_count = count
    return recorded(notebook)


def test_a_cell_that_used_what_a_later_one_had_made():
    assert disordered(ordered(1, 2, 3)) == set()
    assert disordered(ordered(1, 3, 2)) == disordered(ordered(1, 3, 2), surely=True) == {2}


def test_a_cell_whose_maker_was_run_again_may_have_been_in_order():
    assert disordered(ordered(9, 2, 10)) == {2}
    assert disordered(ordered(9, 2, 10), surely=True) == set()
