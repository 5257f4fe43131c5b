from fluvial.replication.order import disordered, run_again

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


def test_what_a_method_changes_is_made_anew():
    notebook = book(("x = set()", []), ("print(x)", []), ("x.add(2)", []))
    for cell, count in zip(notebook.cells, (1, 3, 2), strict=True):
        cell.execution_count = count
    assert disordered(recorded(notebook)) == {2}


def test_what_is_changed_in_part_is_as_another_cell_had_left_it():
    notebook = book(("x = f()", []), ("x[0] = 1", []), ("x = g()", []), ("x", []))
    for cell, count in zip(notebook.cells, (1, 3, 2, 4), strict=True):
        cell.execution_count = count
    assert 2 in disordered(recorded(notebook))


def test_gaps_between_counts_tell_that_cells_were_run_again():
    assert run_again(ordered(1, 2, 3)) == run_again(ordered(None, 4, 5)) == set()
    assert run_again(ordered(1, 2, 4)) == {3}
    assert run_again(ordered(1, 9, 10)) == {2}


def test_importing_a_module_again_later_does_not_change_what_was_imported():
    notebook = book(("import numpy as np", []), ("np.ones(2)", []), ("import numpy as np", []))
    for cell, count in zip(notebook.cells, (1, 3, 2), strict=True):
        cell.execution_count = count
    assert disordered(recorded(notebook)) == set()
