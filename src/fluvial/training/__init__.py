"""Training: any flow, or other tree, by any optax rule on any loss, in one compiled loop.

``fluvial.fit``, ``fluvial.amortized.train`` and the studies train with this loop. ``train_steps``
is all that most programs need; for training in chunks, ``scan_steps`` takes and gives the state.
"""

from fluvial.training.adam import AdamState, adam
from fluvial.training.clipping import ClippedState, clip_by_running_median
from fluvial.training.loop import TrainingState, scan_steps, start_state, train_steps
from fluvial.training.schedules import step_sizes, warmup_cosine, warmup_stable_decay

__all__ = [
    "AdamState",
    "ClippedState",
    "TrainingState",
    "adam",
    "clip_by_running_median",
    "scan_steps",
    "start_state",
    "step_sizes",
    "train_steps",
    "warmup_cosine",
    "warmup_stable_decay",
]
