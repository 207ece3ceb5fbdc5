"""`checked` and `unchecked`: where value checks come from, where they go, and what they cost."""

import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises
from jax.experimental import checkify

import funcgrad as fg
from funcgrad.testing import assert_close

X = fg.reshape(fg.arange(12.0), 3, 4)
GOOD, BAD = fg.tensor([0, 2]), fg.tensor([0, 7])
MESSAGE = "index_select(): index must be in [0, 2] along dimension 0 of size 3; got 7; correct the index; nothing is"
MESSAGE += " clamped or wrapped."


def total(x, i):
    return fg.index_select(x, 0, i).sum()


@jax.custom_vjp
def custom(x, i):
    return total(x, i)


custom.defvjp(lambda x, i: (total(x, i), (x, i)), lambda kept, ct: (ct * kept[0], None))

TRANSFORMED = {
    "as it is": total,
    "jit": jax.jit(total),
    "grad": fg.grad(total),
    "grad of jit": jax.grad(jax.jit(total)),
    "vmap": lambda x, i: fg.vmap(total, (None, 0))(x, i[:, None]),
    "vmap of grad": lambda x, i: jax.vmap(jax.grad(total), (None, 0))(x, i[:, None]),
    "scan": lambda x, i: jax.lax.scan(lambda c, j: (c + total(x, j[None]), None), 0.0, i)[0],
    "grad of scan": fg.grad(lambda x, i: jax.lax.scan(lambda c, j: (c + total(x, j[None]), None), 0.0, i)[0]),
    "grad of cond": jax.grad(lambda x, i: jax.lax.cond(i[0] == 0, total, lambda x, i: 0.0, x, i)),
    "jacobian of map": fg.jacobian(lambda x, i: jax.lax.map(lambda j: total(x, j[None]), i)),
    "cond": lambda x, i: jax.lax.cond(i[0] == 0, total, lambda x, i: 0.0, x, i),
    "while": lambda x, i: jax.lax.while_loop(lambda c: c[0] < 1, lambda c: (c[0] + 1, total(x, i)), (0, 0.0)),
    "map": lambda x, i: jax.lax.map(lambda j: total(x, j[None]), i),
    "checkpoint": jax.grad(jax.checkpoint(total)),
    "custom_vjp": custom,
    "grad of custom_vjp": jax.grad(custom),
    "checked": fg.checked(total),
}


@pytest.mark.parametrize("name", TRANSFORMED)
def test_the_error_of_an_eager_call_comes_out_of_every_transform(name):
    f = fg.checked(TRANSFORMED[name])
    assert_close(f(X, GOOD), TRANSFORMED[name](X, GOOD))
    with raises(fg.IndexRangeError, MESSAGE):
        f(X, BAD)


def test_a_branch_not_taken_is_not_checked():
    f = fg.checked(lambda x, i: jax.lax.cond(i[0] == 0, lambda: 0.0, lambda: total(x, i)))
    assert f(X, BAD) == 0


def test_the_first_of_several_errors_is_reported():
    def f(x, i, m):
        fg.linalg.inv(m)
        return total(x, i)

    singular = "inv(): A must be invertible; got one that is not (shape (2, 2)); use fg.linalg.pinv or lstsq, and see "
    with raises(fg.LinAlgError, singular + "fg.linalg.cond(A)."):
        fg.checked(f)(X, BAD, fg.ones(2, 2))
    with raises(fg.IndexRangeError, MESSAGE):
        fg.checked(f)(X, BAD, fg.eye(2))


def test_a_plain_program_is_the_same_before_and_after():
    def hlo():
        return jax.jit(total).lower(X, GOOD).as_text()

    before = hlo()
    assert not jax.make_jaxpr(total)(X, GOOD).effects
    with raises(fg.IndexRangeError, MESSAGE):
        fg.checked(total)(X, BAD)
    assert hlo() == before
    assert not jax.make_jaxpr(total)(X, GOOD).effects


def test_what_was_compiled_before_is_traced_anew_once_and_its_plain_program_stays():
    traces = []

    @jax.jit
    def f(x, i):
        traces.append(i)
        return total(x, i)

    assert np.isnan(f(X, BAD))
    checked = fg.checked(f)
    for _ in range(3):
        with raises(fg.IndexRangeError, MESSAGE):
            checked(X, BAD)
        assert_close(checked(X, GOOD), fg.tensor(44.0))
    assert len(traces) == 2
    assert np.isnan(f(X, BAD))
    assert len(traces) == 2


def test_arguments_that_are_no_data_are_fixed_by_themselves_and_others_by_request():
    def f(x, how, n, *, places=None):
        return how(x.reshape(n, -1)) if places is None else x

    assert_close(fg.checked(f, static_argnums=2)(X, jnp.sum, 6), X.sum())
    assert_close(fg.checked(static_argnames="n")(f)(X, jnp.sum, n=6, places=None), X.sum())
    wide = "checked(): every value must fit in int32; got 1099511627776 at index 0; ask for dtype='int64' after "
    wide += 'jax.config.update("jax_enable_x64", True), or pass lossy=True.'
    with raises(fg.ConversionError, wide):
        fg.checked(jnp.sum)(np.array([2**40]))


def test_it_is_the_outermost_transform():
    message = "checked(): it must be the outermost transform, because a compiled program cannot raise; got traced "
    message += "float32 of shape (3, 4); write fg.checked(jax.jit(f)) or fg.checked(fg.vmap(f))."
    with raises(fg.TracedValueError, message):
        jax.jit(fg.checked(total))(X, GOOD)
    assert_close(jax.grad(fg.checked(total))(X, GOOD), jax.grad(total)(X, GOOD))  # values are known here


def test_what_cannot_be_checked_is_said():
    message = "checked(): a while loop must not be mapped over a batch with vmap; got one in func; use jax.lax.map "
    message += "in place of vmap, or leave the loop out of checked."
    with raises(fg.ArgumentError, message):
        fg.checked(jax.vmap(lambda n: jax.lax.while_loop(lambda c: c < n, lambda c: c + 1, 0)))(GOOD)
    with raises(
        fg.ArgumentTypeError,
        "checked(): func must be a function; got int 3; pass the function itself and call what comes back, as in "
        "fg.checked(f)(x).",
    ):
        fg.checked(3)


def test_checks_of_the_user_s_own_are_raised_as_jax_raises_them():
    def f(x):
        checkify.check(x > 0, "x is {x}", x=x)
        return x

    with pytest.raises(checkify.JaxRuntimeError, match="x is -1"):
        fg.checked(f)(-1.0)


def test_unchecked_switches_off_nests_and_decorates():
    with fg.unchecked():
        assert np.isnan(total(X, BAD))
        with fg.unchecked():
            pass
        assert np.isnan(total(X, BAD))
        assert np.isinf(fg.linalg.inv(fg.zeros(1, 1))).all()
    with raises(fg.IndexRangeError, MESSAGE):
        total(X, BAD)
    assert np.isnan(fg.unchecked()(total)(X, BAD))


def test_unchecked_leaves_an_error_and_is_the_thread_s_own():
    found = []
    with pytest.raises(KeyError), fg.unchecked():
        raise KeyError
    with raises(fg.IndexRangeError, MESSAGE):
        total(X, BAD)

    def other():
        try:
            total(X, BAD)
        except fg.IndexRangeError:
            found.append("checked")

    with fg.unchecked():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert found == ["checked"]
