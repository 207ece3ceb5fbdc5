"""Joining the processes of one run, each with devices of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from typing import Any

import jax

from .._checks import fail, integer
from .._errors import ArgumentError, ProcessError
from .._plain import plain

__all__ = ["distributed"]


@plain
def distributed(
    address: str | None = None,
    *,
    processes: int | None = None,
    process: int | None = None,
    timeout: float = 300.0,
    silence: float = 100.0,
) -> None:
    """Join this process with the others of a run, before anything is computed; ``fg.parallel()`` then has all devices.

    Without arguments it asks the environment: the variables that ``torchrun`` sets, or the cluster (Slurm, Open MPI,
    TPU pods, Kubernetes).

    Args:
        address: where process 0 can be reached by all, as ``"host:port"``, with a port that is free there.
        processes: how many there are.
        process: the number of this one, from 0.
        timeout: how many seconds to wait for the others.
        silence: after how many seconds without a sign of life from one process JAX ends the others, where a step has
            not told them before.

    Raises:
        ArgumentError: the arguments contradict each other, or are missing and the environment does not say; this was
            called before; or something was computed already.
        ProcessError: a process did not come in time, or two have one number.

    >>> fg.train.distributed(processes=1, process=0)  # a run of one process has nobody to join
    >>> jax.process_count()
    1

    Source: ``torch.distributed.init_process_group``, ``jax.distributed.initialize``.
    """
    if jax.distributed.is_initialized():
        given = f"this one is process {jax.process_index()} of {jax.process_count()} already"
        fail(ArgumentError, "distributed", "a process joins once", given, "call it once, before everything else")
    if address is None and processes is None and process is None and "RANK" in os.environ:
        address, processes, process = _from_torchrun()
    if address is None and processes is None and process is None:
        _require_fresh()
        _ask_cluster(timeout, silence)
        return
    given = f"got address={address!r}, processes={processes!r}, process={process!r}"
    if processes is None or process is None or (address is None and processes != 1):
        remedy = "write distributed('host:1234', processes=2, process=0)"
        fail(ArgumentError, "distributed", "address, processes and process belong together", given, remedy)
    processes = integer("distributed", "processes", processes, least=1)
    process = integer("distributed", "process", process, least=0)
    if process >= processes:
        remedy = "number the processes from 0"
        fail(ArgumentError, "distributed", "process must be less than processes", given, remedy)
    if address is None or processes == 1:
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        fail(ArgumentError, "distributed", "address must be host:port", given, "write for example 'localhost:1234'")
    _require_fresh()
    # JAX ends a process whose companions do not come, so they are awaited here, where it can be said who is missing.
    if process == 0:
        _await_others(int(port), processes, timeout)
    else:
        _announce(host, int(port), process, timeout)
    jax.distributed.initialize(address, processes, process, **_seconds(timeout, silence))


def _from_torchrun() -> tuple[str, int, int]:
    try:
        address = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
        return address, int(os.environ["WORLD_SIZE"]), int(os.environ["RANK"])
    except (KeyError, ValueError) as error:
        required = "where RANK is set, MASTER_ADDR, MASTER_PORT and WORLD_SIZE must be too"
        remedy = "start with torchrun, or pass address=, processes= and process="
        fail(ArgumentError, "distributed", required, f"got {error}", remedy)


def _seconds(timeout: float, silence: float) -> dict[str, Any]:
    """What JAX calls these, in whole seconds."""
    return {"initialization_timeout": max(int(timeout), 1), "heartbeat_timeout_seconds": max(int(silence), 1)}


def _ask_cluster(timeout: float, silence: float) -> None:
    try:
        jax.distributed.initialize(**_seconds(timeout, silence))
    except ValueError:
        required = "the environment must say how many processes there are"
        remedy = "pass address=, processes= and process="
        fail(ArgumentError, "distributed", required, "no cluster was recognised", remedy)


def _require_fresh() -> None:
    """Raise if JAX has started its devices: they can no longer be joined with those of others."""
    config: Any = jax.config  # typed in part
    before = config.jax_num_cpu_devices
    try:
        # The public way to ask: this option can be changed until then. Nothing reads it in between.
        config.update("jax_num_cpu_devices", 1 if before != 1 else 2)
    except RuntimeError:
        required = "processes join before anything is computed"
        remedy = "call it first thing in the program, before any array is made"
        fail(ArgumentError, "distributed", required, "the devices have been started", remedy)
    config.update("jax_num_cpu_devices", before)


def _await_others(port: int, processes: int, timeout: float) -> None:
    """Process 0: wait until each other process has said its number, then let them go on."""
    ends = time.monotonic() + timeout
    arrived: dict[int, socket.socket] = {}
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(_server(port))
        except OSError as error:
            remedy = "choose another port, in each process"
            fail(
                ProcessError, "distributed", f"port {port} must be free for process 0", f"got {error.strerror}", remedy
            )
        while len(arrived) < processes - 1:
            server.settimeout(max(ends - time.monotonic(), 0.001))
            try:
                visitor = stack.enter_context(server.accept()[0])
                visitor.settimeout(max(min(ends - time.monotonic(), 5.0), 0.001))
                number = int(visitor.recv(16) or b"-1")
            except (ValueError, OSError):  # nobody of ours, or nobody in time
                if time.monotonic() < ends:
                    continue
                missing = ", ".join(str(n) for n in range(1, processes) if n not in arrived)
                required = f"all {processes} processes must come within {timeout:g} s"
                remedy = "look at their output, and pass each the same address"
                fail(ProcessError, "distributed", required, f"process 0 has not heard of {missing}", remedy)
            if number in arrived or not 0 < number < processes:
                visitor.sendall(b"no")
                continue
            arrived[number] = visitor
        for visitor in arrived.values():
            with contextlib.suppress(OSError):
                visitor.sendall(b"go")
        for visitor in arrived.values():  # they hang up first, which leaves the port free for what follows
            with contextlib.suppress(OSError):
                visitor.settimeout(5.0)
                visitor.recv(1)


def _server(port: int) -> socket.socket:
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", port))


def _announce(host: str, port: int, process: int, timeout: float) -> None:
    """Every other process: say the number to process 0, and wait until all have."""
    ends = time.monotonic() + timeout
    answer: Any = b""
    while not answer and time.monotonic() < ends:
        try:
            left = max(ends - time.monotonic(), 0.001)
            with socket.create_connection((host.strip("[]"), port), timeout=min(left, 5.0)) as line:
                line.settimeout(left)
                line.sendall(str(process).encode())
                answer = line.recv(2)
        except OSError:
            pass
        if not answer:
            time.sleep(0.05)
    if answer == b"no":
        given, remedy = f"another has number {process} already", "number the processes from 0, each differently"
        fail(ProcessError, "distributed", "each process must have a number of its own", given, remedy)
    if answer != b"go":
        required = f"process 0 must answer at {host}:{port} within {timeout:g} s"
        given = f"process {process} has not heard of it, or not that all had come"
        fail(ProcessError, "distributed", required, given, "start process 0 there, and pass each the same address")
