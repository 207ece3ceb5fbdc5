"""A run that was stopped, however and wherever, gives the bits of one that was not."""

import itertools
import signal
from pathlib import Path

import jax
import jax.numpy as jnp
import killed
import numpy as np
import optax
import pytest
from bounded import said
from harness import raises

import funcgrad as fg

x = np.linspace(-1, 1, 22, dtype=np.float32).reshape(11, 2)
y = x.sum(1)
optimizer = optax.adam(0.05)


def loss(params, x, y, key):
    noisy = x + 0.1 * fg.randn_like(x, key=key)
    return fg.nn.mse_loss(noisy @ params["w"] + params["b"], y)


step = fg.train.step(loss, optimizer)


def fresh():
    return fg.train.init({"w": np.ones(2, np.float32), "b": 0.0}, optimizer, key=fg.key(7))


def data(*wrap):
    batches = fg.data.batches(x, y, batch_size=4, key=fg.key(1))
    return wrap[0](batches) if wrap else batches


def bits(state):
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves((state.params, state.opt_state, state.step))]


class Stopped(Exception):
    pass


class Stopping(fg.train.Step):
    """A step that dies instead of being taken for the `after`-th time, counted from 0."""

    def __init__(self, step, after):
        self.__dict__.update(vars(step))
        self.left = after

    def __call__(self, state, *batch):
        self.count()
        return super().__call__(state, *batch)

    def many(self, state, *batch, count):
        self.count()
        return super().many(state, *batch, count=count)

    def count(self):
        self.left -= 1
        if self.left < 0:
            raise Stopped


def fit(folder, after=None, source=None, epochs=3, steps_per_call=1, **options):
    """The program that is started again and again."""
    state, place = folder.resume(fresh())
    return fg.train.fit(
        step if after is None else Stopping(step, after),
        state,
        data() if source is None else source,
        epochs=epochs,
        start=place,
        checkpoint=folder,
        steps_per_call=steps_per_call,
        progress=False,
        **options,
    )


@pytest.fixture(scope="module")
def whole():
    """The run that nothing stops: 9 steps in 3 epochs of 3 batches."""
    state, history = fg.train.fit(step, fresh(), data(), epochs=3, steps_per_call=1, progress=False)
    return bits(state), history["loss"].tolist()


SOURCES = {
    "arrays": lambda: data(),
    "prefetched": lambda: data(fg.data.prefetch),
    "function": lambda: lambda epoch: list(data()(epoch)),
    "stream": lambda: fg.data.stream(lambda epoch: examples(epoch), 4),
}


def examples(epoch):
    return [row for batch in data()(epoch) for row in zip(*map(np.asarray, batch), strict=True)]


@pytest.mark.parametrize("source", SOURCES)
def test_a_run_stopped_at_any_step_goes_on_as_if_it_had_not_been(tmp_path, whole, source):
    for after in range(9):
        folder = fg.train.Checkpoints(tmp_path / str(after), every=1)
        with pytest.raises(Stopped):
            fit(folder, after, SOURCES[source]())
        state, history = fit(folder, source=SOURCES[source]())
        assert bits(state) == whole[0]
        assert history["loss"].tolist() == whole[1][after:]
        assert history["step"].tolist() == list(range(after + 1, 10))


@pytest.mark.parametrize("every", [None, 2, 4, 100])
def test_a_run_stopped_again_and_again_ends_with_the_same_bits(tmp_path, whole, every):
    folder = fg.train.Checkpoints(tmp_path, every=every)
    taken = 0
    for after in (3, 4, 3, 1, 0, 5, None):
        try:
            state, _ = fit(folder, after)
        except Stopped:
            taken += 1
    assert bits(state) == whole[0]
    assert taken >= 2
    assert fg.train.read_manifest(folder.latest())["data"] == {"epoch": 3, "batch": 0}


def test_ctrl_c_saves_where_it_stopped(tmp_path, whole):
    folder = fg.train.Checkpoints(tmp_path)
    count = itertools.count(1)

    def interrupted(state, *batch):
        if next(count) == 5:
            signal.raise_signal(signal.SIGINT)
        return step(state, *batch)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # it is ignored in a shell's background
    try:
        state, history = fg.train.fit(interrupted, fresh(), data(), epochs=3, progress=False, checkpoint=folder)
    finally:
        signal.signal(signal.SIGINT, before)
    assert history.interrupted
    assert folder.steps() == [3, 5]
    place = fg.train.read_manifest(folder.path(5))["data"]
    total = [float(np.float64(history["loss"][3]) + np.float64(history["loss"][4])), 2, "float32"]
    assert place == {"epoch": 1, "batch": 2, "so_far": {"loss": total}}
    assert bits(folder.restore(fresh())) == bits(state)
    assert bits(fit(folder)[0]) == whole[0]


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_interrupt_in_the_middle_of_a_step_leaves_what_was_saved(tmp_path, whole, capsys, when):
    """The second Ctrl-C, or one that another handler makes an exception of."""
    count = itertools.count(1)

    def interrupted(state, *batch):
        last = next(count) == 5
        if last and when == "before":
            raise KeyboardInterrupt
        result = step(state, *batch)
        if last:
            raise KeyboardInterrupt
        return result

    def run():
        folder = fg.train.Checkpoints(tmp_path)
        return fg.train.fit(interrupted, fresh(), data(), epochs=3, checkpoint=folder)

    if when == "before":  # the state before it is whole
        state, history = run()
        assert history.interrupted
        assert int(state.step) == 4
    else:
        with pytest.raises(KeyboardInterrupt):
            run()
        said = "interrupted in the middle of a step: no state is left but those that were saved\n"
        assert capsys.readouterr().out.endswith(said)
    folder = fg.train.Checkpoints(tmp_path)
    assert folder.steps() == ([3, 4] if when == "before" else [3])
    assert bits(fit(folder)[0]) == whole[0]


def test_a_run_that_is_through_stays_as_it_is_and_can_be_made_longer(tmp_path, whole):
    folder = fg.train.Checkpoints(tmp_path)
    fit(folder, epochs=2)
    state, history = fit(folder, epochs=2)
    assert (int(state.step), len(history["step"])) == (6, 0)
    assert bits(fit(folder, epochs=3)[0]) == whole[0]
    # The same call again, in one program: it goes on from the state, not from the folder.
    state, _ = fg.train.fit(step, folder.restore(fresh()), data(), first_epoch=3, progress=False, checkpoint=folder)
    assert (int(state.step), folder.steps()) == (12, [6, 9, 12])


def test_the_best_epoch_is_kept(tmp_path):
    folder = fg.train.Checkpoints(tmp_path, keep=1, every=2, best="error")
    errors = iter([0.5, 0.1, 0.7])
    fit(folder, evaluate=lambda params: {"error": next(errors)})
    assert folder.steps() == [6, 9]
    assert folder.best() == folder.path(6)
    assert fg.train.read_manifest(folder.path(6))["metrics"].keys() == {"loss", "error"}
    with pytest.raises(fg.ArgumentError, match="metrics must hold 'missing', which decides; got 'loss'"):
        fit(fg.train.Checkpoints(tmp_path / "other", best="missing"))


def test_a_torn_checkpoint_costs_steps_and_nothing_else(tmp_path, whole):
    folder = fg.train.Checkpoints(tmp_path, every=1)
    with pytest.raises(Stopped):
        fit(folder, 6)
    for number, content in ((6, b""), (5, folder.path(5).read_bytes()[:-3])):
        folder.path(number).write_bytes(content)
    with pytest.warns(UserWarning, match="a checkpoint was passed over: resume"):
        state, history = fit(folder)
    assert bits(state) == whole[0]
    assert history["step"][0] == 5


def _rows(seed=1, convert=np.asarray):
    key = None if seed is None else fg.key(seed)
    return fg.data.batches(convert(np.repeat(x, 4, 0)[:43]), convert(np.repeat(y, 4)[:43]), batch_size=4, key=key)


def _large(epoch):
    """Batches that lie on the device and are too large to be stacked."""
    return [(jnp.repeat(x, 2**13, 0), jnp.repeat(y, 2**13)) for x, y in _rows()(epoch)]


FEEDS = {
    "rows selected on the host": (_rows, [1, 3, 5, 8]),
    "batches stacked": (lambda: fg.data.prefetch(_rows()), [1, 3, 5, 8]),
    "rows cut on the host": (lambda: _rows(None), [3]),
    "rows selected on the device": (lambda: _rows(convert=jnp.asarray), [3]),
    "rows cut on the device": (lambda: _rows(None, jnp.asarray), [3]),
    "batches where they lie": (lambda: _large, [3]),
}


@pytest.mark.parametrize("together", [3, None])
@pytest.mark.parametrize(("feed", "stop"), [(feed, stop) for feed, (_, stops) in FEEDS.items() for stop in stops])
def test_several_steps_in_a_dispatch_resume_too(tmp_path, feed, stop, together):
    """11 batches, the last of fewer rows, up to 3 in a dispatch, and a checkpoint after every 4: dispatches are cut."""
    rows = FEEDS[feed][0]()

    def run(name, step):
        folder = fg.train.Checkpoints(tmp_path / name, every=4)
        state, place = folder.resume(fresh())
        return fg.train.fit(
            step, state, rows, epochs=2, start=place, checkpoint=folder, steps_per_call=together, progress=False
        )[0]

    with pytest.raises(Stopped):
        run("stopped", Stopping(step, stop))
    assert bits(run("stopped", step)) == bits(run("whole", step))


def test_a_choice_is_made_once(tmp_path, monkeypatch):
    """The last batch of an epoch is smaller, and a run may resume behind it: it chose before."""
    asked = []

    def pays(self, state, *batch, most, ready):
        asked.append(len(batch[0]))
        return 2 if len(batch[0]) == 4 else 1

    monkeypatch.setattr(fg.train.Step, "steps_that_pay", pays)
    for stop in range(4):
        folder = fg.train.Checkpoints(tmp_path / str(stop), every=1)
        with pytest.raises(Stopped):
            fit(folder, stop, epochs=2, steps_per_call="auto")
        taken = folder.steps()
        assert int(fit(folder, epochs=2, steps_per_call="auto")[0].step) == 6
        assert folder.resume(fresh())[1]["steps_per_call"] == 2
        assert asked == ([4] if taken else [4, 4])
        del asked[:]


def test_what_does_not_fit_the_run_is_an_error(tmp_path):
    folder = fg.train.Checkpoints(tmp_path)
    fit(folder, epochs=1)
    with raises(
        fg.ArgumentError,
        f"fit(): the step must come after those in the folder; got step 0, and {str(tmp_path)!r} has step 3; resume "
        "from it, remove it, or choose another folder.",
    ):
        fg.train.fit(step, fresh(), data(), checkpoint=folder)
    by_hand = fg.train.Checkpoints(tmp_path / "hand")
    by_hand.save(folder.restore(fresh()))
    with raises(
        fg.ArgumentError,
        f"resume(): the checkpoint must say where in the data the run was; that of step 3 in {str(by_hand.folder)!r} "
        "was saved without data=; save it with data={'epoch': 2, 'batch': 17}, or take the state alone with restore.",
    ):
        fit(by_hand)
    with pytest.raises(fg.ArgumentError, match=r"^resume\(\): like must have the leaves of the checkpoint"):
        folder.resume(fg.train.init({"v": 1.0}, optimizer))


# Stopping early


def judged(params):
    """A loss with a kink in its history: it becomes better, then worse."""
    distance = fg.abs(params["w"] - 0.55).sum()
    return {"distance": distance, "more": -distance}


WATCHED = {
    "the mean over an epoch": {"patience": 1, "min_delta": 0.012},
    "an evaluation": {"patience": 2, "evaluate": judged, "monitor": "distance"},
    "its largest value": {"patience": 2, "evaluate": judged, "monitor": "more", "mode": "max"},
    "after some steps": {"patience": 3, "evaluate": judged, "evaluate_every": 2, "monitor": "distance"},
    "together": {"patience": 3, "evaluate": judged, "evaluate_every": 2, "monitor": "distance", "steps_per_call": 3},
}


def ended(folder, *deaths, **options):
    """What comes of a run that died after so many steps, and again, and was started anew each time."""
    for after in deaths:
        with pytest.raises(Stopped):
            fit(folder, after, **options)
    state, history = fit(folder, **options)
    return bits(state), history.stopped, history.best_step, folder.steps()[-1]


@pytest.mark.parametrize("every", [None, 1, 4])
@pytest.mark.parametrize("watched", WATCHED)
def test_a_run_that_stops_early_stops_at_the_same_step_with_the_same_bits(tmp_path, watched, every):
    options = {"epochs": 12, **WATCHED[watched]}

    def kept(name):
        return fg.train.Checkpoints(tmp_path / name, every=every, keep=1)

    whole = ended(kept("whole"), **options)
    assert whole[1]
    assert 0 < whole[2] < whole[3] < 36
    for after in range(1, 6 if "steps_per_call" in options else whole[3], 2):
        assert ended(kept(f"stopped-{after}"), after, **options) == whole
    assert ended(kept("again"), 3, 1, 0, **options) == whole
    assert ended(kept("whole"), **options)[:3] == whole[:3]  # a run that is through ends at once


def test_early_stopping_goes_on_only_as_it_was(tmp_path):
    folder = fg.train.Checkpoints(tmp_path, keep=1)
    fit(folder, epochs=3, patience=9)
    place = folder.resume(fresh())[1]
    assert place["patience"].keys() == {"monitor", "mode", "best", "best_step", "waited", "kept"}
    with raises(
        fg.ArgumentError,
        "fit(): a run that goes on must watch what it watched before; got monitor='loss', mode='max' after "
        "monitor=None, mode='min'; pass the same, or take 'patience' out of start to begin to wait anew.",
    ):
        fit(folder, epochs=4, patience=9, monitor="loss", mode="max")
    state, history = fit(folder, epochs=4)
    assert not history.stopped
    assert int(state.step) == 12


def test_the_best_state_so_far_is_kept_and_missed(tmp_path, whole):
    numbers = iter([1.0, 0.1, 0.5, 0.6, 0.7, 0.8, 0.9])
    options = {"evaluate": lambda params: {"error": next(numbers)}, "patience": 4, "monitor": "error"}
    folder = fg.train.Checkpoints(tmp_path, keep=2)
    with pytest.raises(Stopped):
        fit(folder, 14, epochs=9, **options)
    assert folder.steps() == [6, 9, 12]
    state, place = folder.resume(fresh())
    with raises(
        fg.ArgumentTypeError,
        "fit(): checkpoint must have a method restore, to find the best state so far, that of step 6; got None; "
        "pass the fg.train.Checkpoints that saved it, or restore_best=False.",
    ):
        fg.train.fit(step, state, data(), epochs=9, start=place, **options)
    content = folder.path(6).read_bytes()
    folder.path(6).write_bytes(content[:-1])
    with pytest.warns(UserWarning, match="a checkpoint was passed over"), pytest.raises(fg.CheckpointError):
        folder.resume(fresh())  # the others belong to a run that would return this state
    folder.path(6).write_bytes(content)
    state, history = fit(folder, epochs=9, **options)
    assert (history.best_step, int(state.step), folder.steps()[-1]) == (6, 6, 18)


# Killed


def test_killed_at_any_moment_it_ends_with_the_same_bits(tmp_path):
    """SIGKILL six times: at steps, while a checkpoint is on its way to the disk, and at whatever is done then."""
    moments = ["step:3", "write:2", "flush:5", "rename:1", "time:0.004", "write:4"]
    options = [str(tmp_path / "run"), "6", *moments]
    out = said(Path(__file__).parent / "killed.py", *options, seconds=90)
    assert out.split() == ["6", killed.train(tmp_path / "whole", 6)]
    left = [entry.name for entry in (tmp_path / "run").iterdir()]
    assert sorted(left) == ["step-0000000029.safetensors", "step-0000000030.safetensors"]
