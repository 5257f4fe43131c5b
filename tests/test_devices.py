import weakref

import numpy as np
import pytest

from fluvial import devices as of_all
from fluvial.devices import Devices
from fluvial.errors import InputError


def test_a_batch_that_cannot_be_split():
    devices = Devices(every=False)
    devices.check_batch(50)
    devices.count = 4
    with pytest.raises(InputError, match="over 4 devices: choose one of 52"):
        devices.check_batch(50)


def test_one_device_is_used_as_it_is():
    devices = Devices(every=False)
    assert (devices.count, devices.processes, devices.first) == (1, 1, True)
    assert devices.rows is None
    assert devices.padded(7) == 7
    assert devices.share(b"said") == b"said"
    array = np.arange(6).reshape(2, 3).astype(np.int32)
    np.testing.assert_array_equal(devices.fetch(devices.split(array, axis=1)), array)


def test_what_would_wait_for_a_process_that_is_gone_is_kept_for_good(monkeypatch):
    class Client:
        """Of the runtime, whose end waits for all processes."""

    client, state = Client(), of_all.runtime.global_state
    alive = weakref.ref(client)
    monkeypatch.setattr(state, "client", client)
    del client
    of_all._abandon()
    assert state.client is None
    assert alive() is not None
