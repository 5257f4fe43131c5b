from nbformat.v4 import new_markdown_cell

from fluvial.replication.prose import quotes

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
