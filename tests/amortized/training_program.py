"""Trains a small model on all devices, and prints what it measured; run by test_devices.py.

Usage: training_program.py EPOCHS BATCH [FOLDER [COORDINATOR PROCESSES PROCESS]]
"""

import json
import os
import sys
from pathlib import Path

from fluvial import amortized, datasets, distributed
from fluvial.errors import InputError, LostProcessError

EPOCHS, BATCH = 6.0, 48


def trained(epochs: float, batch: int, folder: Path | None = None) -> amortized.Trained:
    return amortized.train(
        amortized.DLGM(data_dim=64, latent=3, hidden=12),
        datasets.load_digits(),
        "planar:2",
        recipe=amortized.Recipe(epochs=epochs, batch=batch),
        checkpoint=folder,
        resume=folder is not None,
        checkpoint_seconds=0.0,
        progress=False,
        every_device=True,
    )


def main(epochs: str, batch: str, folder: str = "", *others: str) -> None:
    coordinator, processes, process = others or ("", "0", "0")
    try:
        if coordinator:
            distributed.join(coordinator, int(processes), int(process))
        else:
            distributed.join()  # what the environment says
        result = trained(float(epochs), int(batch), Path(folder) if folder else None)
    except LostProcessError as error:
        sys.stderr.write(f"InputError: {error}\n")
        sys.stderr.flush()
        os._exit(1)  # JAX's own way out waits for the process that is gone
    except InputError as error:
        sys.exit(f"InputError: {error}")
    sys.stdout.write(json.dumps([dict(line) for line in result.history]))


if __name__ == "__main__":
    main(*sys.argv[1:])
