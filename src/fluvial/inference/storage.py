"""A posterior on disk: JSON for what is said, safetensors for the flow, npz for the draws."""

import dataclasses
import io
import math
import zipfile
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import safetensors.numpy

from fluvial._version import __version__
from fluvial.errors import InputError
from fluvial.flows import Flow
from fluvial.folder import read_folder, write_folder
from fluvial.inference.components_on_disk import arrays_of, components_from
from fluvial.inference.mixture import Mixture
from fluvial.inference.pool import Pool
from fluvial.inference.posterior import Evidence, Posterior, Provenance
from fluvial.inference.table import Table
from fluvial.inference.verdict import Judgement, Verdict
from fluvial.targets import Target, target_from_source

__all__ = ["KIND", "load_posterior", "save"]

KIND = "posterior"
