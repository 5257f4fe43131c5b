from nbformat.v4 import new_markdown_cell

from fluvial.replication import Tolerance, compare_runs
from fluvial.replication.prose import quotes
from fluvial.replication.review import summary

from .books import book, recorded, run_of, stream


def test_quoted_numbers_are_matched_with_the_outputs():
    notebook = book(("f()", [stream("accuracy 0.9712\nloss 0.2514\n")]))
    text = "We reach 97.1% with a loss of 0.25; elsewhere 12.5 and `0.25` are code."
    notebook.cells.append(new_markdown_cell(text))
    found = quotes(recorded(notebook), run_of([stream("accuracy 0.9712\nloss 0.31\n")]))
    assert [(quote.text, quote.cell, quote.local, quote.holds) for quote in found] == [
        ("97.1%", 1, 0.9712, True),
        ("0.25", 1, 0.31, False),
    ]


def test_a_text_that_begins_with_the_results():
    notebook = book(("f()", [stream("accuracy 0.9712\n")]))
    notebook.cells.insert(0, new_markdown_cell("We reach an accuracy of 97.1 %, on 50 % of it."))
    found = quotes(recorded(notebook), run_of([stream("accuracy 0.8\n")]))
    assert [(quote.text, quote.cell, quote.local) for quote in found] == [("97.1 %", 1, 0.8)]


def test_what_is_quoted_and_no_longer_holds_is_said_first():
    notebook = book(("f()", [stream("accuracy 0.9712\n")]))
    notebook.cells.append(new_markdown_cell("An accuracy of 97.1%."))
    replication = compare_runs(
        recorded(notebook), [run_of([stream("accuracy 0.8\n")])], Tolerance()
    )
    assert "quotes 97.1% (cell 1 now says 0.8)" in summary(recorded(notebook), replication)[1]


def test_what_is_quoted_is_said_without_the_space_behind_it():
    notebook = book(("f()", [stream("area 4.5\n")]))
    notebook.cells.append(new_markdown_cell("The area is 4.5 and no more."))
    found = quotes(recorded(notebook), run_of([stream("area 4.7\n")]))
    assert [quote.text for quote in found] == ["4.5"]
