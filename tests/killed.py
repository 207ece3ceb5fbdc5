"""A run that is killed and started again: ``python killed.py FOLDER EPOCHS MOMENT [MOMENT ...]``.

Each moment is a process that trains in FOLDER until it is killed by SIGKILL there; then the same program is started
again. ``step:3`` is before the third step, ``write:3`` when half of the third file is written, ``flush:3`` before that
file is brought to the disk, ``rename:3`` before it gets its name, and ``time:0.05`` is 50 ms after the first step, at
whatever happens to be done then. After each kill every checkpoint in the folder is read and checked. The last process
runs to the end. Printed are the kills and the bits of the parameters at the end.
"""

import hashlib
import os
import signal
import sys
import time
import warnings
from pathlib import Path

import jax
import numpy as np
import optax

import funcgrad as fg
from funcgrad import _files
from funcgrad.train import _checkpoint_file


def train(folder, epochs, wrap=lambda step: step):
    """The bits at the end of a run that saves at each step."""
    x = np.linspace(-1, 1, 60, dtype=np.float32).reshape(20, 3)
    optimizer = optax.adam(0.05)

    def loss(params, x, key):
        hidden = jax.numpy.tanh((x + 0.1 * jax.random.normal(key, x.shape)) @ params["w"])
        return ((hidden @ params["v"] - x.sum(1)) ** 2).mean()

    params = {"w": np.eye(3, 4, dtype=np.float32), "v": np.ones(4, np.float32)}
    state = fg.train.init(params, optimizer, key=fg.key(0))
    data = fg.data.batches(x, batch_size=4, key=fg.key(1))
    checkpoints = fg.train.Checkpoints(folder, keep=2, every=1)
    step = wrap(fg.train.step(loss, optimizer))
    state, place = checkpoints.resume(state)
    state, _ = fg.train.fit(step, state, data, epochs=epochs, start=place, checkpoint=checkpoints, progress=False)
    leaves = jax.tree.leaves((state.params, state.opt_state, state.step))
    return hashlib.sha256(b"".join(np.asarray(leaf).tobytes() for leaf in leaves)).hexdigest()


def dying(kind, count):
    """What wraps the step, once the moment of death is prepared."""

    def reached():
        nonlocal count
        count -= 1
        if not count:
            os.kill(os.getpid(), signal.SIGKILL)

    def before(function):
        def call(*args):
            reached()
            return function(*args)

        return call

    def half(arrays, path, metadata):
        save_file(arrays, path, metadata)
        if count == 1:
            os.truncate(path, os.path.getsize(path) // 2)
        reached()

    save_file = _checkpoint_file.save_file
    if kind == "step":
        return before
    if kind == "write":
        _checkpoint_file.save_file = half
    elif kind == "flush":
        _files.flush = before(_files.flush)
    else:
        os.replace = before(os.replace)
    return lambda step: step


def killed(folder, epochs, moment):
    """Start a process and have it killed; whether it was, before it was through."""
    kind, _, value = moment.partition(":")
    heard, said = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # JAX warns of forks, and no backend has been started here
        process = os.fork()
    if not process:

        def announced(step):
            def call(*args):
                result = step(*args)
                os.write(said, b".")
                return result

            return call

        train(folder, epochs, announced if kind == "time" else dying(kind, int(value)))
        if kind == "time":
            signal.pause()  # a parent that was slow to wake up kills it all the same
        os._exit(0)
    os.close(said)
    if kind == "time":
        os.read(heard, 1)
        time.sleep(float(value))
        os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    os.close(heard)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def main(folder, epochs, *moments):
    kills = 0
    for moment in moments:
        kills += killed(folder, int(epochs), moment)
        for path in Path(folder).glob("step-*"):
            _checkpoint_file.verify("killed", path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # nothing is passed over
        print(kills, train(folder, int(epochs)))


if __name__ == "__main__":
    main(*sys.argv[1:])
