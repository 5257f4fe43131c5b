"""Small files in the formats of the data sets."""

import gzip
import io
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

TRAIN, TEST = "train-images-idx3-ubyte", "t10k-images-idx3-ubyte"


def gray(count: int, size: int = 28, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(256, size=(count, size, size)).astype(np.uint8)


def color(count: int, size: int = 32, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(256, size=(count, size, size, 3)).astype(np.uint8)


def idx_bytes(values: np.ndarray, code: int = 0x08) -> bytes:
    header = bytes([0, 0, code, values.ndim]) + np.array(values.shape, ">u4").tobytes()
    return header + values.astype(values.dtype.newbyteorder(">")).tobytes()


def write_mnist(folder: Path, train: np.ndarray, test: np.ndarray) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, images in ((TRAIN, train), (TEST, test)):
        (folder / f"{name}.gz").write_bytes(gzip.compress(idx_bytes(images)))


def cifar_files(images: np.ndarray) -> dict[str, bytes]:
    """Six files of the binary distribution, the images in order over them; labels of zero."""
    names = [f"data_batch_{k}.bin" for k in range(1, 6)] + ["test_batch.bin"]
    return {
        name: b"".join(b"\0" + image.transpose(2, 0, 1).tobytes() for image in part)
        for name, part in zip(names, np.array_split(images, 6), strict=True)
    }


def write_tar(path: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:gz") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()
