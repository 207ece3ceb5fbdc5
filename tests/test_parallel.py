"""Several devices and processes: the same step, the same numbers. What needs them runs in processes of its own."""

import contextlib
import json
import os
import re
import socket
import sys
from pathlib import Path

import jax
import pytest
from bounded import all_ended, with_package
from harness import raises

import funcgrad as fg

HERE = Path(__file__).parent


def environment(devices: int) -> dict[str, str]:
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={devices}"
    return with_package(XLA_FLAGS=flags, PYTHONWARNINGS="error")


def outcomes(ended):
    """What a process found for each check, as far as it came: the last line that it printed."""
    lines = [line for line in ended.out.splitlines() if line.startswith("{")]
    return json.loads(lines[-1]) if lines else {}


def fails(ended, file, last_words=()):
    """What went wrong in a process that should have made all the checks of `file`."""
    checks = re.findall(r"^def (check_\w+)", (HERE / file).read_text(), re.MULTILINE)
    found = outcomes(ended)
    wrong = [f"{ended.name}, {name}:\n{text}" for name, text in found.items() if text]
    missing = [name for name in checks if name not in found and name not in last_words]
    if missing or ended.status:
        wrong.append(f"{ended} \n--- not made: {', '.join(missing) or 'none'}")
    return wrong


def test_on_eight_devices():
    """All checks in one process, and so in one test: they share their programs, which take most of the time."""
    command = [sys.executable, str(HERE / "on_eight_devices.py")]
    ended = all_ended({"the process": command}, seconds=100, env=environment(8))
    wrong = [text for process in ended for text in fails(process, "on_eight_devices.py")]
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def free_port() -> int:
    with contextlib.closing(socket.create_server(("", 0))) as server:
        return server.getsockname()[1]


def test_in_two_processes():
    command = [sys.executable, str(HERE / "in_two_processes.py"), f"localhost:{free_port()}"]
    commands = {f"process {i}": [*command, str(i)] for i in range(2)}
    first, second = all_ended(commands, seconds=80, env=environment(2))
    file, last = "in_two_processes.py", ("check_a_dead_process_is_noticed",)
    wrong = fails(first, file) + fails(second, file, last)  # process 1 says nothing more in the last
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


# Without others


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"processes": 2},
            "address, processes and process belong together; got address=None, processes=2, process=None; "
            "write distributed('host:1234', processes=2, process=0)",
        ),
        (
            {"address": "localhost:1", "processes": 2, "process": 2},
            "process must be less than processes; got address='localhost:1', processes=2, process=2; "
            "number the processes from 0",
        ),
        (
            {"address": "localhost", "processes": 2, "process": 0},
            "address must be host:port; got address='localhost', processes=2, process=0; "
            "write for example 'localhost:1234'",
        ),
        (
            {"address": "localhost:1234", "processes": 2, "process": 0},
            "processes join before anything is computed; the devices have been started; "
            "call it first thing in the program, before any array is made",
        ),
    ],
)
def test_what_cannot_be_joined_is_refused(options, message):
    fg.ones(1)  # starts the devices
    before = jax.config.jax_num_cpu_devices
    with raises(fg.ArgumentError, f"distributed(): {message}."):
        fg.train.distributed(**options)
    assert jax.config.jax_num_cpu_devices == before


def test_torchrun_is_understood(monkeypatch):
    monkeypatch.setenv("RANK", "0")
    with raises(
        fg.ArgumentError,
        "distributed(): where RANK is set, MASTER_ADDR, MASTER_PORT and WORLD_SIZE must be too; got 'MASTER_ADDR'; "
        "start with torchrun, or pass address=, processes= and process=.",
    ):
        fg.train.distributed()
    for name, value in {"MASTER_ADDR": "localhost", "MASTER_PORT": "1234", "WORLD_SIZE": "1"}.items():
        monkeypatch.setenv(name, value)
    fg.train.distributed()  # one process has nobody to join


def test_processes_that_do_not_come_are_named():
    """The meeting is tested without JAX, whose client would end this process."""
    import threading

    from funcgrad.train import processes

    port = free_port()
    told = {}

    def announce(number):
        try:
            processes._announce("localhost", port, number, 3.0)
            told[number] = told.get(number, "") + "come"
        except fg.ProcessError as error:
            told[number] = str(error)

    others = [threading.Thread(target=announce, args=(number,)) for number in (1, 3)]
    for thread in others:
        thread.start()
    with raises(
        fg.ProcessError,
        "distributed(): all 5 processes must come within 1 s; process 0 has not heard of 2, 4; "
        "look at their output, and pass each the same address.",
    ):
        processes._await_others(port, 5, 1.0)
    for thread in others:
        thread.join()
    assert told[1] == (
        f"distributed(): process 0 must answer at localhost:{port} within 3 s; process 1 has not heard of it, "
        "or not that all had come; start process 0 there, and pass each the same address."
    )
    with contextlib.closing(socket.create_server(("", port))), pytest.raises(fg.ProcessError, match="must be free"):
        processes._await_others(port, 2, 1.0)


def test_processes_meet_and_a_number_is_taken_once():
    import threading

    from funcgrad.train import processes

    port = free_port()
    told = []

    def announce(number):
        try:
            processes._announce("localhost", port, number, 10.0)
            told.append(f"{number} came")
        except fg.ProcessError as error:
            told.append(str(error))

    def first():
        processes._await_others(port, 3, 10.0)
        told.append("0 came")

    twins = [threading.Thread(target=announce, args=(1,)) for _ in range(2)]
    threads = [threading.Thread(target=first), *twins]
    for thread in threads:
        thread.start()
    while not told:  # one of the twins is turned away before all have come
        threads[1].join(0.01)
    announce(2)
    for thread in threads:
        thread.join()
    assert told[0] == (
        "distributed(): each process must have a number of its own; another has number 1 already; "
        "number the processes from 0, each differently."
    )
    assert sorted(told[1:]) == ["0 came", "1 came", "2 came"]
