"""Many devices, one program: where arrays live, so that the compiler spreads the work and does the communication."""

from __future__ import annotations

import collections
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from .._checks import describe, fail, integer, is_concrete
from .._convert import host_copy, is_torch, resolve_device
from .._errors import ArgumentError, ArgumentTypeError, ShapeError
from .._plain import fitting, plain
from .._types import Array, PyTree
from ._processes import explain_loss, require_same_everywhere

__all__ = ["Parallel", "parallel"]

_AXIS, _GROUP = "data", "fsdp"
_AHEAD = 2  # steps that may be under way in a run of several processes
_WHOLE = 4096  # elements; what is smaller stays whole, because fetching its parts would cost more than keeping it


@fitting
@dataclass(frozen=True)
class Parallel:
    """Devices that work on one batch together. Made by ``fg.parallel``, given to ``fg.train.step``.

    Arrays stay what they are to the reader: one value, with its whole shape. Only where its parts live is decided here.

    Attributes:
        mesh: the devices, for what JAX itself asks of a mesh: in a row, or in one for each group.
        fsdp: whether parameters are spread over the devices too, and not only the rows of a batch; or over how many.
    """

    mesh: Mesh
    fsdp: bool | int = False

    def __len__(self) -> int:
        """How many devices there are, in all processes."""
        return int(self.mesh.size)

    def __repr__(self) -> str:
        kind, processes = self.mesh.devices.flat[0].platform, len(self._processes)
        among = f" of {processes} processes" if processes > 1 else ""
        return f"Parallel({len(self)} {kind} device{'' if len(self) == 1 else 's'}{among}, fsdp={self.fsdp})"

    @property
    def rows(self) -> NamedSharding:
        """Where a batch lives: its rows are shared among the devices. ``fg.data.batches(..., device=par.rows)``."""
        return self._shared_along(0)

    @property
    def whole(self) -> NamedSharding:
        """Where an array lives that each device holds in full."""
        return NamedSharding(self.mesh, PartitionSpec())

    def shard(self, batch: PyTree) -> PyTree:
        """A batch with its rows shared among the devices; of several processes, each passes the whole batch.

        Arrays that live on these devices already are left as they are, and numbers are given to each device.
        """
        if len(self._processes) > 1:
            require_same_everywhere("shard", "batch", batch)
        return self._by_leaf(functools.partial(self._with_rows, "shard", 0), batch)

    def from_local(self, batch: PyTree) -> PyTree:
        """A batch made of the rows that each process passes, as many in each, in the order of the processes."""
        return self._by_leaf(self._with_local_rows, batch)

    def replicate(self, tree: PyTree) -> PyTree:
        """A copy of `tree` on each device."""
        return self._put("replicate", tree, jax.tree.map(lambda _: self.whole, tree))

    def place(self, tree: PyTree) -> PyTree:
        """A copy of parameters or of a whole state: on each device, or with ``fsdp`` in parts, one for each device.

        Where ``fsdp`` is a number, each group of so many devices has a copy, one part on each.
        """
        return self._put("place", tree, jax.tree.map(self.sharding, tree))

    def create(self, f: Callable[..., PyTree], /, *args: Any) -> PyTree:
        """What ``f(*args)`` returns, compiled so that it comes into being where ``place`` would put it.

        So parameters that no single device could hold are made: ``par.create(lambda: fg.train.init(...))``.
        """
        shardings = jax.tree.map(self.sharding, jax.eval_shape(f, *args))
        return jax.jit(f, out_shardings=shardings)(*args)

    def gather(self, tree: PyTree) -> PyTree:
        """`tree` in NumPy arrays, all of it in each process; keys stay keys."""
        if any(isinstance(leaf, jax.Array) and not leaf.is_fully_addressable for leaf in jax.tree.leaves(tree)):
            tree = jax.jit(lambda t: t, out_shardings=self.whole)(tree)
        return jax.tree.map(_fetched, tree)

    def sharding(self, leaf: Any) -> NamedSharding:
        """Where ``place`` puts an array, by its shape: with ``fsdp``, split along its longest dimension that can be."""
        shape = np.shape(leaf)
        if self.fsdp and np.prod(shape) >= _WHOLE:
            axis = self.mesh.axis_names[-1]
            even = [dim for dim, size in enumerate(shape) if size % self.mesh.shape[axis] == 0]
            if even:
                longest = max(even, key=lambda dim: shape[dim])  # the first of equals
                return NamedSharding(self.mesh, PartitionSpec(*[None] * longest, axis))
        return self.whole

    # What fg.train.step asks.

    def pinned(self, tree: PyTree) -> PyTree:
        """In a compiled function: `tree`, which lives where ``place`` puts it."""
        return jax.tree.map(lambda x: jax.lax.with_sharding_constraint(x, self.sharding(x)), tree)

    def everywhere(self, tree: PyTree) -> PyTree:
        """In a compiled function: `tree`, which each device holds."""
        return jax.tree.map(lambda x: jax.lax.with_sharding_constraint(x, self.whole), tree)

    def shared(self, x: Array, dim: int) -> Array:
        """In a compiled function: `x`, of which each device holds an equal part along `dim`, if that can be."""
        even = x.shape[dim] % len(self) == 0
        return jax.lax.with_sharding_constraint(x, self._shared_along(dim)) if even else x

    def guarded(self, compiled: Callable[..., Any]) -> Callable[..., Any]:
        """A compiled step that says so where another process is gone."""
        if len(self._processes) == 1:
            return compiled
        under_way: collections.deque[Any] = collections.deque()

        @functools.wraps(compiled)
        def call(*args: Any) -> Any:
            try:
                results = compiled(*args)
                # What went wrong in a step is known only when it has ended, so this never runs far ahead.
                under_way.append(results[1])
                if len(under_way) > _AHEAD:
                    jax.block_until_ready(under_way.popleft())
            except (RuntimeError, ValueError) as error:
                explain_loss("step", error)
            return results

        return call

    def operands(self, batch: PyTree, dim: int = 0) -> PyTree:
        """The batch of a step, its rows along `dim` shared among the devices unless they were before."""
        if len(self._processes) > 1 and not all(self._holds(x) or np.ndim(x) == 0 for x in jax.tree.leaves(batch)):
            fail(
                ArgumentError,
                "step",
                f"a batch of {len(self._processes)} processes must say whose rows it holds",
                "got arrays of this process alone",
                "pass par.from_local(array) for the rows of this process, or par.shard(array) for the same in each",
            )
        return self._by_leaf(functools.partial(self._with_rows, "step", dim), batch)

    def placed(self, tree: PyTree) -> PyTree:
        """`tree` if every array of it lives where ``place`` puts it, otherwise such a copy."""
        leaves = jax.tree.leaves(tree)
        at_home = all(isinstance(x, jax.Array) and x.sharding == self.sharding(x) for x in leaves)
        return tree if at_home else self.place(tree)

    # How it is done.

    @property
    def _processes(self) -> set[int]:
        return {device.process_index for device in self.mesh.devices.flat}

    def _holds(self, leaf: Any) -> bool:
        return isinstance(leaf, jax.Array) and is_concrete(leaf) and leaf.sharding.device_set == self.rows.device_set

    def _by_leaf(self, f: Callable[..., Any], batch: PyTree) -> PyTree:
        return jax.tree_util.tree_map_with_path(f, batch)

    def _shared_along(self, dim: int) -> NamedSharding:
        """Where an array lives of which each device has an equal part along `dim`."""
        axes = self.mesh.axis_names
        return NamedSharding(self.mesh, PartitionSpec(*[None] * dim, axes if len(axes) > 1 else axes[0]))

    def _with_rows(self, name: str, dim: int, path: Any, leaf: Any) -> Any:
        if isinstance(leaf, bool | int | float | complex) or self._holds(leaf):
            return leaf
        _require_array(name, "batch", path, leaf)
        if np.ndim(leaf) <= dim:
            return _on(self.whole, name, leaf)
        self._require_even(name, path, leaf, dim, len(self), f"the {len(self)} devices")
        return _on(self._shared_along(dim), name, leaf)

    def _with_local_rows(self, path: Any, leaf: Any) -> Any:
        if isinstance(leaf, bool | int | float | complex) or self._holds(leaf):
            return leaf
        _require_array("from_local", "batch", path, leaf)
        if not np.ndim(leaf):
            return _on(self.whole, "from_local", leaf)
        here = [device for device in self.mesh.devices.flat if device.process_index == jax.process_index()]
        self._require_even("from_local", path, leaf, 0, len(here), f"the {len(here)} devices of this process")
        held = np.array(leaf) if isinstance(leaf, jax.Array) else host_copy("from_local", leaf)
        return jax.make_array_from_process_local_data(self.rows, held)

    def _require_even(self, name: str, path: Any, leaf: Any, dim: int, parts: int, whose: str) -> None:
        if np.shape(leaf)[dim] % parts:
            fail(
                ShapeError,
                name,
                f"the rows of a batch must divide evenly among {whose}",
                f"got shape {np.shape(leaf)} at batch{jax.tree_util.keystr(path)}",
                f"make batch_size a multiple of {parts} with drop_last=True, "
                "or pass par.replicate(array) where there are no rows",
            )

    def _put(self, name: str, tree: PyTree, shardings: PyTree) -> PyTree:
        """A copy of `tree` with these shardings, whose memory nobody else holds: a step may reuse it."""
        if len(self._processes) > 1:
            require_same_everywhere(name, "tree", tree)
        put = functools.partial(_put_leaf, name)
        on_devices = jax.tree_util.tree_map_with_path(put, tree, shardings)
        # device_put may leave the first part where it was; only a compiled copy is certainly new.
        return jax.jit(_copied, out_shardings=shardings)(on_devices)


def _put_leaf(name: str, path: Any, leaf: Any, sharding: NamedSharding) -> Array:
    _require_array(name, "tree", path, leaf)
    return _on(sharding, name, leaf)


def _require_array(name: str, argument: str, path: Any, leaf: Any) -> None:
    if not isinstance(leaf, jax.Array | np.ndarray | np.generic | bool | int | float | complex) and not is_torch(leaf):
        fail(
            ArgumentTypeError,
            name,
            f"a {argument} must be made of arrays",
            f"got {describe(leaf)} at {argument}{jax.tree_util.keystr(path)}",
            "convert it with fg.tensor, or leave it out",
        )


def _on(sharding: NamedSharding, name: str, leaf: Any) -> Array:
    """`leaf` with this sharding. Of several processes, each has been found to hold the same."""
    if sharding.is_fully_addressable:
        return jax.device_put(leaf if isinstance(leaf, jax.Array) else host_copy(name, leaf), sharding)
    if isinstance(leaf, jax.Array) and not leaf.is_fully_addressable:
        return jax.jit(lambda x: x, out_shardings=sharding)(leaf)
    if isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        data = _on(NamedSharding(sharding.mesh, PartitionSpec()), name, jax.random.key_data(leaf))
        return jax.random.wrap_key_data(data, impl=jax.random.key_impl(leaf))
    held = np.array(leaf) if isinstance(leaf, jax.Array) else host_copy(name, leaf)
    return jax.make_array_from_callback(held.shape, sharding, lambda index: held[index])


def _copied(tree: PyTree) -> PyTree:
    return jax.tree.map(_copied_leaf, tree)


def _copied_leaf(x: Array) -> Array:
    if jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
        return x
    # Strongly typed, as what a step returns is: the second step must find what the first was compiled for.
    return jnp.copy(jax.lax.convert_element_type(x, jnp.result_type(x)))


def _fetched(leaf: Any) -> Any:
    if isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        data = np.array(jax.random.key_data(leaf))
        return jax.random.wrap_key_data(jnp.array(data), impl=jax.random.key_impl(leaf))
    return np.array(leaf)


@plain
def parallel(devices: int | Sequence[Any] | None = None, *, fsdp: bool | int = False) -> Parallel:
    """Devices that train on one batch together: all of them, of all processes, unless some are named.

    Every device takes its share of the rows of a batch, and the compiler adds up the gradients. The step computes what
    it computes on one device, whatever the loss is: means, batch statistics and random numbers are those of the whole
    batch. With `fsdp`, parameters, their averages and the state of the optimizer are spread as well (fully sharded data
    parallel): each device keeps one part of each, and they are brought together where they are used.

    Args:
        devices: how many, or which: names such as ``"gpu:1"`` or JAX's devices. By default all.
        fsdp: whether to spread parameters too: less memory for more communication. A number says over how many devices
            that are next to each other: with 4 of 8, each half of them has a copy of the parameters, in four parts, so
            that parts are fetched inside of a machine and only gradients go between machines.

    Returns:
        A ``Parallel``. ``fg.train.step(loss, optimizer, parallel=par)`` is all that a training run needs of it;
        ``par.shard(batch)`` and ``par.place(params)`` put arrays where they belong by hand, ``par.gather(params)``
        brings them back.

    Raises:
        ArgumentError: there are fewer devices, one is named twice, or `fsdp` does not divide their number.

    >>> par = fg.parallel()
    >>> x = par.shard(np.ones((2 * len(par), 3)))
    >>> x.shape == (2 * len(par), 3)
    True

    Source: ``torch.nn.parallel.DistributedDataParallel``, ``torch.distributed.fsdp`` (with a number, its
    ``HYBRID_SHARD``); Rajbhandari et al., ZeRO: Memory Optimizations Toward Training Trillion Parameter Models, 2020.
    """
    present = jax.devices()
    if devices is None:
        chosen = present
    elif isinstance(devices, Sequence) and not isinstance(devices, str):
        chosen = [resolve_device("parallel", device) for device in devices]
    else:
        count = integer("parallel", "devices", devices, least=1)
        if count > len(present):
            fail(
                ArgumentError,
                "parallel",
                f"devices must be at most {len(present)}, which is how many there are",
                f"got {count}",
                "see fg.info(), or leave it out for all",
            )
        chosen = present[:count]
    if not chosen or len(set(chosen)) < len(chosen):
        given = "none" if not chosen else f"{len(chosen)}, of which {len(set(chosen))} are different"
        fail(ArgumentError, "parallel", "devices must be different ones", f"got {given}", "leave it out for all")
    if isinstance(fsdp, bool | np.bool_):
        kept: bool | int = bool(fsdp)
        shape: tuple[int, ...] = (len(chosen),)
        names: tuple[str, ...] = (_AXIS,)
    else:
        kept = integer("parallel", "fsdp", fsdp, least=1)
        if len(chosen) % kept:
            required = f"fsdp must divide the number of devices, which is {len(chosen)}"
            fail(ArgumentError, "parallel", required, f"got {kept}", "write fsdp=True to use all of them")
        shape, names = (len(chosen) // kept, kept), (_AXIS, _GROUP)
    # Auto: under JAX's default, Explicit, ordinary losses do not trace.
    mesh = jax.make_mesh(shape, names, axis_types=(AxisType.Auto,) * len(shape), devices=chosen)
    return Parallel(mesh, fsdp=kept)
