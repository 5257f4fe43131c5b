from fluvial.replication import compare_runs
from fluvial.replication.compare.tolerance import Tolerance

from .books import book, recorded, run_of, stream


def varying(before, *texts):
    """Return the places of one cell that vary between runs which print the texts."""
    runs = [run_of([stream(text)]) for text in texts]
    (cell,) = compare_runs(recorded(book(("a", [stream(before)]))), runs, Tolerance()).cells
    return [(found.kind, found.place, found.values) for found in cell.varying]


def test_each_place_has_the_value_of_each_run():
    assert varying("loss 1\nfine 2", "loss 1\nfine 2", "loss 3\nfine 2", "loss 1\nfine 2") == [
        ("number", "stdout line 1", ("1", "3", "1"))
    ]


def test_words_vary_too():
    ((kind, _, values),) = varying("dog", "dog", "dog", "cat")
    assert (kind, values) == ("text", ("dog", "dog", "cat"))


def test_one_run_does_not_vary():
    assert varying("loss 1", "loss 3") == []


def test_durations_count_only_beyond_their_ratio():
    assert varying("Wall time: 1 s", "Wall time: 1 s", "Wall time: 2 s") == []
    ((kind, _, values),) = varying("Wall time: 1 s", *[f"Wall time: {x} s" for x in (1, 90, 1)])
    assert (kind, values) == ("duration", ("1 s", "90 s", "1 s"))


def test_where_in_memory_objects_of_a_list_are_does_not_count():
    assert varying("[<A at 0x7f3ab2c4d190>]", *(f"[<A at 0x7f3ab2c4d{i}90>]" for i in "12")) == []


def test_it_is_part_of_the_result():
    runs = [run_of([stream(text)]) for text in ("1", "2")]
    done = compare_runs(recorded(book(("a", [stream("1")]))), runs, Tolerance())
    (told,) = done.content()["cells"][0]["varying"]
    assert (told["place"], told["values"]) == ("stdout line 1", ["1", "2"])
