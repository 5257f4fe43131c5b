"""Images to learn from: fetched, checked and cached, embedded, or from files."""

from fluvial.datasets.binarize import binarize
from fluvial.datasets.cifar10 import load_cifar10
from fluvial.datasets.dataset import Dataset
from fluvial.datasets.dequantize import dequantize
from fluvial.datasets.description import describe
from fluvial.datasets.digits import load_digits
from fluvial.datasets.files import load_own, read_images
from fluvial.datasets.label_files import class_count, read_labels
from fluvial.datasets.likelihood import LIKELIHOODS, check_likelihood, infer_likelihood
from fluvial.datasets.mnist import load_mnist
from fluvial.datasets.named import NAMES, load_dataset
from fluvial.datasets.patches import random_patches
from fluvial.datasets.photo_patches import load_photo_patches
from fluvial.datasets.pixels import to_unit

__all__ = [
    "LIKELIHOODS",
    "NAMES",
    "Dataset",
    "binarize",
    "check_likelihood",
    "class_count",
    "dequantize",
    "describe",
    "infer_likelihood",
    "load_cifar10",
    "load_dataset",
    "load_digits",
    "load_mnist",
    "load_own",
    "load_photo_patches",
    "random_patches",
    "read_images",
    "read_labels",
    "to_unit",
]
