"""What a run depends on beside its code: versions, devices, settings; and two settings that a program may choose."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax

from .._checks import fail, x64_enabled
from .._errors import ArgumentError
from .._plain import fitting, plain
from ..arrays.devices import devices

__all__ = ["Info", "cache", "info", "precision"]

_LIBRARIES = ("jax", "jaxlib", "numpy", "optax", "safetensors")
# torch's names and JAX's, which mean the same three.
_PRECISIONS = {
    "highest": "highest",
    "float32": "highest",
    "high": "high",
    "tensorfloat32": "high",
    "medium": "default",
    "bfloat16": "default",
    "default": "default",
}


@fitting
@dataclass(frozen=True)
class Info:
    """What ``fg.info`` found. ``dataclasses.asdict`` makes a dict of it that JSON can keep.

    Attributes:
        versions: of Python, funcgrad and the libraries below it.
        system: the operating system and the processor.
        devices: the names of the devices, as every ``device=`` takes them.
        kinds: what those devices are.
        process: the number of this process, and how many there are.
        default_float: the dtype of a Python float.
        precision: of matrix products of float32: "default" is the fastest that the device has.
        random: the generator behind keys, and whether its numbers do not depend on how arrays are spread.
        cache: where compiled programs are kept between runs, or None.
        flags: the environment variables that change what is compiled.
        checks: what JAX has been asked to look for.
    """

    versions: dict[str, str]
    system: str
    devices: list[str]
    kinds: list[str]
    process: tuple[int, int]
    default_float: str
    precision: str
    random: str
    cache: str | None
    flags: dict[str, str]
    checks: list[str]

    def __str__(self) -> str:
        kinds = ", ".join(f"{name} ({kind})" for name, kind in zip(self.devices, self.kinds, strict=True))
        rows = {
            **self.versions,
            "system": self.system,
            "devices": kinds,
            "process": f"{self.process[0]} of {self.process[1]}",
            "default float": self.default_float,
            "precision": self.precision,
            "random": self.random,
            "cache": self.cache or "none",
            "flags": " ".join(f"{name}={value}" for name, value in self.flags.items()) or "none",
            "checks": ", ".join(self.checks) or "none",
        }
        width = max(map(len, rows))
        return "\n".join(f"{name:<{width}}  {value}" for name, value in rows.items())


@plain
def info() -> Info:
    """What the results of this process depend on beside its code: the first lines of a report or of a bug report.

    Returns:
        An ``Info``; ``print(fg.info())`` shows it as a table.

    >>> fg.info().default_float
    'float32'
    >>> fg.info().versions["funcgrad"] == fg.__version__
    True

    Source: ``torch.__config__.show``, ``jax.print_environment_info``.
    """
    names = devices()
    present = {device for name in ("cpu", jax.default_backend()) for device in jax.devices(name)}
    kinds = sorted(present, key=lambda device: (device.platform != "cpu", device.id))
    config: Any = jax.config  # typed in part
    return Info(
        versions={
            "python": ".".join(map(str, sys.version_info[:3])),
            "funcgrad": sys.modules["funcgrad"].__version__,
            **{library: importlib.metadata.version(library) for library in _LIBRARIES},
        },
        system=f"{platform.system()} {platform.release()}, {platform.machine()}, {os.cpu_count()} CPUs",
        devices=names,
        kinds=[device.device_kind for device in kinds],
        process=(jax.process_index(), jax.process_count()),
        default_float="float64" if x64_enabled() else "float32",
        precision=config.jax_default_matmul_precision or "default",
        random=f"{config.jax_default_prng_impl}{'' if config.jax_threefry_partitionable else ', by layout'}",
        cache=config.jax_compilation_cache_dir if config.jax_enable_compilation_cache else None,
        flags={name: os.environ[name] for name in ("XLA_FLAGS", "LIBTPU_INIT_ARGS") if os.environ.get(name)},
        checks=[name for name in ("debug_nans", "debug_infs", "disable_jit", "enable_checks") if _is_on(name)],
    )


def _is_on(name: str) -> bool:
    return bool(getattr(jax.config, f"jax_{name}"))


@plain
def cache(folder: str | Path | None = None) -> Path:
    """Keep compiled programs in a folder from now on, so that the next run need not compile them again.

    Programs are found by what they compute, on which device and with which versions, so that a folder can serve many
    scripts, and nothing in it is ever out of date. This changes the configuration of JAX for the whole process. It may
    be emptied at any time.

    Args:
        folder: where; made if it is not there. By default ``funcgrad`` in the user's folder for caches.

    Returns:
        The folder.

    Raises:
        ArgumentError: the folder cannot be made or written.

    >>> import tempfile
    >>> before = jax.config.jax_compilation_cache_dir
    >>> fg.cache(tempfile.mkdtemp()).is_dir()
    True
    >>> jax.config.update("jax_compilation_cache_dir", before)

    Source: JAX's persistent compilation cache; ``torch.compile`` keeps one by itself.
    """
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    place = (home / "funcgrad" if folder is None else Path(folder)).expanduser().absolute()
    try:
        place.mkdir(parents=True, exist_ok=True)
        reason = "" if os.access(place, os.W_OK | os.X_OK) else "it is read only"
    except OSError as error:
        reason = error.strerror or type(error).__name__
    if reason:
        given = f"got {str(place)!r} ({reason})"
        fail(ArgumentError, "cache", "folder must be one that can be written", given, "choose another")
    jax.config.update("jax_compilation_cache_dir", str(place))
    # JAX leaves out what compiles in less than a second, of which the start of a program is made.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    jax.config.update("jax_enable_compilation_cache", True)
    return place


@plain
def precision(name: str) -> contextlib.AbstractContextManager[None]:
    """A block, or the decorator of a function, whose products of float32 matrices are computed this precisely.

    GPUs and TPUs multiply float32 in fewer bits unless told otherwise, with relative errors of about 1e-3 or 1e-2. A
    CPU always uses all. It is looked at where a function is traced.

    Args:
        name: "float32" (or torch's "highest"), "tensorfloat32" ("high"), or "bfloat16" ("medium"), which stands for
            the fastest that the device has, as "default" does.

    Returns:
        A context manager.

    Raises:
        ArgumentError: `name` is not one of these.

    >>> with fg.precision("float32"):
    ...     fg.eye(2) @ fg.ones(2)
    Array([1., 1.], dtype=float32)

    Source: ``torch.set_float32_matmul_precision``, ``jax.default_matmul_precision``.
    """
    if name not in _PRECISIONS:
        given = f"got {name!r}"
        fail(ArgumentError, "precision", f"name must be among {', '.join(_PRECISIONS)}", given, "choose 'float32'")
    return _multiplying(_PRECISIONS[name])


@contextlib.contextmanager
def _multiplying(kind: str) -> Iterator[None]:
    with jax.default_matmul_precision(kind):
        yield
