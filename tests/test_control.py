"""Choices and loops: values, derivatives, and messages."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import check_grad, raises

import funcgrad as fg
from funcgrad.testing import assert_close

x = fg.tensor([1.0, 2.0])


@pytest.mark.parametrize("pred", [True, 1, fg.tensor(True), fg.tensor([[2.5]]), np.array([True])])
def test_a_choice_takes_anything_with_one_element(pred):
    def chosen(pred):
        return fg.cond(pred, lambda x, n: x + n, lambda x, n: x - n, (x, 1))

    assert_close(chosen(pred), x + 1)
    assert_close(jax.jit(chosen)(pred), x + 1)
    assert_close(chosen(fg.tensor(0.0)), x - 1)


def test_a_choice_differentiates_what_ran():
    def f(x):
        return fg.cond(x.sum() > 0, lambda x: (x**2).sum(), lambda x: jnp.sqrt(x).sum(), [x])

    assert_close(jax.grad(f)(x), 2 * x)
    assert fg.cond(True, lambda: 1.5, lambda: 2.5) == 1.5
    both = jax.vmap(f)(fg.tensor([[1.0, 2.0], [3.0, -1.0]]))
    assert_close(both, fg.tensor([5.0, 10.0]))


def test_a_loop_runs_until_it_is_done():
    i, y = fg.while_loop(lambda i, y: y.sum() < 100, lambda i, y: (i + 1, y * 2), (0, x))
    assert (i, y.tolist()) == (6, [64, 128])
    assert isinstance(fg.while_loop(lambda i: i < 3, lambda i: [i + 1], [0]), tuple)
    assert jax.jvp(lambda v: fg.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * v), (0, v))[1], (2.0,), (1.0,))[
        1
    ] == pytest.approx(32)
    skipped = fg.while_loop(lambda i: False, lambda i: (i + 1,), (5,))
    assert skipped == (5,)


def test_messages_of_cond():
    f = lambda x: x  # noqa: E731
    with raises(fg.ArgumentTypeError, "cond(): operands must be a tuple or list; got float32 of shape (2,); "
                "write a comma: (x,)."):  # fmt: skip
        fg.cond(True, f, f, x)
    with raises(fg.ShapeError, "cond(): pred must have one element; got shape (2,); reduce it with fg.any or fg.all."):
        fg.cond(x > 0, f, f, (x,))
    message = (
        "cond(): pred must be a bool or an array with one element; got a list; "
        "compare numbers, for example x.sum() > 0."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.cond([True], f, f, (x,))
    message = "cond(): operands must be made of arrays and numbers; got str 'a'; let the functions close over the rest."
    with raises(fg.ArgumentTypeError, message):
        fg.cond(True, f, f, ("a",))
    message = (
        "cond(): both functions must return the same shapes; got (2,) of true_fn and () of false_fn; "
        "correct one of them."
    )
    with raises(fg.ShapeError, message):
        fg.cond(True, f, lambda x: x.sum(), (x,))
    message = (
        "cond(): both functions must return the same dtypes; got float32 of true_fn and int32 of false_fn at ['a']; "
        "correct one of them."
    )
    with raises(fg.DtypeError, message):
        fg.cond(True, lambda x: {"a": x}, lambda x: {"a": x.astype(int)}, (x,))
    message = (
        "cond(): both functions must return the same structure; got * of true_fn and (*, *) of false_fn; "
        "correct one of them."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.cond(True, f, lambda x: (x, x), (x,))


def test_messages_of_while_loop():
    message = (
        "while_loop(): body_fn must return a tuple or list like carried_inputs; got int32 of shape (); "
        "write a comma: return (x,)."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.while_loop(lambda i: i < 3, lambda i: i + 1, (0,))
    message = (
        "while_loop(): body_fn must return what it got: the same dtypes; got int32 of carried_inputs and float32 of "
        "body_fn at [0]; correct one of them."
    )
    with raises(fg.DtypeError, message):
        fg.while_loop(lambda i: i < 3, lambda i: (i + 0.5,), (0,))
    message = "while_loop(): carried_inputs must be a tuple or list; got int 0; write a comma: (x,)."
    with raises(fg.ArgumentTypeError, message):
        fg.while_loop(lambda i: i < 3, lambda i: (i + 1,), 0)
    message = (
        "while_loop(): the result of cond_fn must have one element; got shape (2,); reduce it with fg.any or fg.all."
    )
    with raises(fg.ShapeError, message):
        fg.while_loop(lambda x: x < 3, lambda x: (x + 1,), (x,))


def collatz_like(x, n, **options):
    """A loop whose number of turns depends on values, and whose body has no derivative where the loop ends."""
    f = lambda i, x: (i + 1, jnp.sqrt(n - i) * jnp.sin(x) + x)  # noqa: E731
    return fg.while_loop(lambda i, x: i < n, f, (jnp.zeros_like(n), x), **options)[1]


def test_a_bounded_loop_is_the_plain_one_with_reverse_derivatives():
    n = fg.tensor(5.0)
    bounded = lambda x, n: collatz_like(x, n, max_steps=30)  # noqa: E731
    assert_close(bounded(x, n), collatz_like(x, n))
    assert_close(collatz_like(x, n, max_steps=5), collatz_like(x, n))
    check_grad(lambda x: bounded(x, n), x)
    assert_close(fg.jacrev(bounded)(x, n), fg.jacfwd(collatz_like)(x, n), rtol=1e-5, atol=1e-5)
    some = fg.tensor([0.0, 1.0, 5.0])
    both = fg.jit(fg.vmap(fg.value_and_grad(lambda x, n: bounded(x, n).sum()), (None, 0)))(x, some)
    for i, each in enumerate(some):
        alone = fg.value_and_grad(lambda x, n: bounded(x, n).sum())(x, each)
        assert_close(jax.tree.map(lambda leaf, i=i: leaf[i], both), alone, rtol=1e-5, atol=1e-5)


def test_a_bound_that_is_too_small_is_said():
    count = lambda x, **o: fg.while_loop(lambda i, x: i < 4, lambda i, x: (i + 1, x * 2), (0, x), **o)  # noqa: E731
    assert_close(count(x, max_steps=4), count(x))
    message = "while_loop(): the loop must be done; it was not after 3 turns; pass a larger max_steps."
    for call in (count, fg.checked(lambda x, max_steps: count(x, max_steps=max_steps), static_argnames="max_steps")):
        with raises(fg.ConvergenceError, message):
            call(x, max_steps=3)
    with raises(fg.ConvergenceError, message):
        fg.grad(lambda x: count(x, max_steps=3)[1].sum())(x)
    i, y = fg.jit(lambda x: count(x, max_steps=3))(x)
    assert int(i) == 3
    assert jnp.isnan(y).all()
    with raises(fg.ConvergenceError, message.replace("3", "0")):
        count(x, max_steps=0)
    message = (
        "while_loop(): max_steps must be an int that is not negative; got -1; leave it out for a loop without bound."
    )
    with raises(fg.ArgumentError, message):
        count(x, max_steps=-1)


def test_a_bounded_loop_remembers_the_root_of_its_turns():
    def peak(n):
        loop = lambda x: fg.while_loop(lambda i, x: i < n, lambda i, x: (i + 1, jnp.sin(x)), (0, x), max_steps=n)  # noqa: E731
        program = jax.jit(jax.grad(lambda x: loop(x)[1].sum())).lower(jnp.ones(1000)).compile()
        return program.memory_analysis().temp_size_in_bytes

    assert peak(6400) < 12 * peak(100)  # 64 times as many turns
