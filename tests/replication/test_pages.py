import pytest

from fluvial.replication.pages import page_keeper

from .books import book, recorded, shown, stream

REPLY = {"content": {"payload": [{"source": "page", "data": {"text/plain": "help"}, "start": 0}]}}


@pytest.mark.parametrize(
    ("before", "kept"),
    [([shown(text__plain="help")], ["help"]), ([], []), ([stream("help\n")], [])],
)
def test_a_page_is_an_output_where_the_editor_saved_one(before, kept):
    notebook = book(("f?", before))
    local = book(("f?", [])).cells[0]
    page_keeper(recorded(notebook))(cell=local, cell_index=0, execute_reply=REPLY)
    assert [output.data["text/plain"] for output in local.outputs] == kept


def test_other_payloads_are_no_outputs():
    local = book(("x", [])).cells[0]
    reply = {"content": {"payload": [{"source": "set_next_input", "text": "y"}]}}
    keep = page_keeper(recorded(book(("x", [shown(text__plain="1")]))))
    keep(cell=local, cell_index=0, execute_reply=reply)
    assert local.outputs == []
