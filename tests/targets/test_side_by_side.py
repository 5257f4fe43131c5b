import threading
import time

import pytest

from fluvial.targets.side_by_side import in_order


@pytest.mark.parametrize("count", [1, 3])
def test_results_come_in_order_whichever_is_first_done(count):
    def late(n):
        time.sleep(0.01 * (3 - n % 3))
        return n

    assert list(in_order(late, range(10), count)) == list(range(10))


def test_an_error_is_raised_and_nothing_more_is_begun():
    begun = []

    def fail(n):
        begun.append(n)
        raise ValueError(n)

    with pytest.raises(ValueError, match="0"):
        list(in_order(fail, range(100), 2))
    assert len(begun) < 5


def test_no_more_items_are_under_way_than_threads_and_one_to_come():
    lock, under_way, most = threading.Lock(), 0, 0

    def items():
        nonlocal under_way, most
        for n in range(20):
            with lock:
                under_way += 1
                most = max(most, under_way)
            yield n

    for _ in in_order(lambda n: n, items(), 2):
        with lock:
            under_way -= 1
    assert most <= 4
