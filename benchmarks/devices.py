"""Images a second of training on one process and on several, and how that would scale.

    python -m benchmarks.devices [--processes 1 2] [--batch 100 1000] [--flow planar:10]

Every process has one core of this machine and one device, and all talk over the loopback; the model
is the paper's for MNIST, the images are random bits. Below the measured lines stands what more
processes would cost on paper: in each step every device sends and receives, in a ring, 2 (n - 1)/n
times the gradient; nothing is taken to overlap, and latency to be nothing.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence

HIDDEN, LATENT, PIXELS = 400, 40, 784
CHUNKS, STEPS = 4, 50  # of which the first compiles
NETWORKS = {"1 Gbit/s": 1e9 / 8, "10 Gbit/s": 1e10 / 8, "100 Gbit/s": 1e11 / 8}
COUNTS = (2, 4, 8, 16, 64)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.devices",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--processes", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--batch", nargs="+", type=int, default=[100, 1000], help="of all together")
    parser.add_argument("--flow", default="planar:10")
    parser.add_argument("--worker", nargs=3, metavar=("ADDRESS", "PROCESSES", "PROCESS"))
    options = parser.parse_args(arguments)
    if options.worker:
        _work(options.flow, options.batch[0], *options.worker)
        return
    print(f"{'processes':>9}{'batch':>8}{'images/s':>11}{'ms a step':>11}{'speed-up':>10}")
    for batch in options.batch:
        _report(options.flow, batch, options.processes)


def _report(flow: str, batch: int, counts: Sequence[int]) -> None:
    speeds = []
    for processes in counts:
        speed, parameters = measure(flow, batch, processes)
        speeds.append(speed)
        print(
            f"{processes:>9}{batch:>8}{speed:>11.0f}{1e3 * batch / speed:>11.1f}"
            f"{speed / speeds[0]:>10.2f}",
            flush=True,
        )
    _print_on_paper(batch, speeds[0], parameters)


def measure(flow: str, batch: int, processes: int) -> tuple[float, int]:
    """Train in processes of their own; images a second, and parameters of the model."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [sys.executable, "-m", "benchmarks.devices", "--flow", flow, "--batch", str(batch)]
    workers = [
        subprocess.Popen(
            [*command, "--worker", address, str(processes), str(process)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for process in range(processes)
    ]
    said = [worker.communicate()[0] for worker in workers]
    speed, parameters = json.loads(said[0].splitlines()[-1])  # Gloo says something before
    return speed, parameters


def _work(flow: str, batch: int, address: str, processes: str, process: str) -> None:
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[int(process) % len(cores)]})
    import equinox as eqx
    import jax
    import numpy as np

    from fluvial import amortized, datasets, distributed

    if int(processes) > 1:
        distributed.join(address, int(processes), int(process))
    bits = np.random.default_rng(0).random((STEPS * batch, PIXELS)) < 0.2
    data = datasets.Dataset("bits", bits, bits[:batch], bits[:batch], "bernoulli")
    dlgm = amortized.DLGM(data_dim=PIXELS, latent=LATENT, hidden=HIDDEN)
    recipe = amortized.Recipe(epochs=CHUNKS, batch=batch)
    trained = amortized.train(dlgm, data, flow, recipe=recipe, progress=False)
    speeds = [line["images_per_second"] for line in trained.history[1:]]
    leaves = jax.tree.leaves(eqx.filter(trained.dlgm, eqx.is_inexact_array))
    print(json.dumps([max(speeds), sum(leaf.size for leaf in leaves)]))


def _print_on_paper(batch: int, speed: float, parameters: int) -> None:
    gradient = 4 * parameters
    print(
        f"  on paper: {parameters:,} parameters, a gradient of {gradient / 1e6:.1f} MB; "
        f"{batch} images on each of n devices"
    )
    print(f"  {'n':>4}{'MB a step':>11}" + "".join(f"{name:>14}" for name in NETWORKS))
    for n in COUNTS:
        sent = 2 * (n - 1) / n * gradient
        shares = [efficiency(batch / speed, sent / bandwidth) for bandwidth in NETWORKS.values()]
        print(f"  {n:>4}{sent / 1e6:>11.1f}" + "".join(f"{share:>13.0%} " for share in shares))


def efficiency(computing: float, sending: float) -> float:
    """The share of its time that a device computes, if it sends after it has computed."""
    return computing / (computing + sending)


if __name__ == "__main__":
    main()
