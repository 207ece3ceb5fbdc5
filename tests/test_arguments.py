"""Arguments by number, name, path and pattern, the same for every word that differentiates."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

WORDS = {
    "grad": lambda result: result,
    "value_and_grad": lambda result: result[1],
    "grad_and_value": lambda result: result[0],
    "jacobian": lambda result: result,
    "jacfwd": lambda result: result,
    "jacrev": lambda result: result,
}
every_word = pytest.mark.parametrize("word", WORDS)


def derivative(word, f, **selection):
    compute = getattr(fg, word)(f, **selection)
    return lambda *args, **kwargs: WORDS[word](compute(*args, **kwargs))


def loss(x, y, scale=1.0):
    return scale * x * x * y


def a(*values):
    return fg.tensor(values[0] if len(values) == 1 else list(values))


PARAMS = {
    "encoder": {"w": jnp.array([1.0, 2.0]), "b": jnp.array(3.0)},
    "heads": [jnp.array(4.0), jnp.array([5.0, 6.0])],
    "step": 7,
}


def model(params, x):
    """Gradients: encoder.w = 2 w x, encoder.b = x, heads.0 = 3 x, heads.1 = x · (5, 6)."""
    e, h = params["encoder"], params["heads"]
    return x * ((e["w"] ** 2).sum() + e["b"] + 3 * h[0] + (h[1] ** 2).sum() / 2) + 0 * params["step"]


GRADIENTS = {
    "encoder": {"w": jnp.array([4.0, 8.0]), "b": jnp.array(2.0)},
    "heads": [jnp.array(6.0), jnp.array([10.0, 12.0])],
    "step": None,
}


# Whole arguments


@every_word
def test_the_first_argument_is_the_default(word):
    assert_close(derivative(word, loss)(2.0, 3.0), a(12.0))


@every_word
@pytest.mark.parametrize("selection", [{"argnums": 1}, {"argnums": -1}, {"argnames": "y"}, {"argnums": np.int64(1)}])
def test_number_and_name_mean_the_same(word, selection):
    assert_close(derivative(word, loss, **selection)(2.0, 3.0), a(4.0))


@every_word
@pytest.mark.parametrize("selection", [{"argnums": (1, 0)}, {"argnums": [-1, -2]}, {"argnames": ("y", "x")}])
def test_a_sequence_gives_a_tuple_in_its_order(word, selection):
    assert_close(derivative(word, loss, **selection)(2.0, 3.0), (a(4.0), a(12.0)))


@every_word
def test_a_sequence_of_one_gives_a_tuple_of_one(word):
    assert_close(derivative(word, loss, argnums=(0,))(2.0, 3.0), (a(12.0),))


@every_word
@pytest.mark.parametrize("selection", [{"argnums": 0}, {"argnames": "x"}])
def test_arguments_may_be_given_by_keyword(word, selection):
    take = derivative(word, loss, **selection)
    for result in (take(x=2.0, y=3.0), take(y=3.0, x=2.0), take(2.0, y=3.0)):
        assert_close(result, a(12.0))


def test_numbers_count_parameters_also_where_some_are_given_by_keyword():
    assert_close(fg.grad(loss, argnums=2)(2.0, 3.0, scale=5.0), a(12.0))
    assert_close(fg.grad(loss, argnums=-1)(2.0, y=3.0), a(4.0))
    assert_close(fg.grad(lambda x, y=1.0, z=1.0: x * y * z, argnums=2)(2.0, z=3.0), a(2.0))


def test_variadic_arguments():
    def product(first, *rest, **named):
        return first * rest[0] * rest[1] * named["scale"]

    assert_close(fg.grad(product, argnums=2)(2.0, 3.0, 4.0, scale=5.0), a(30.0))
    assert_close(fg.grad(product, argnames="rest")(2.0, 3.0, 4.0, scale=5.0), (a(40.0), a(30.0)))
    assert_close(fg.grad(product, argnames="rest.1")(2.0, 3.0, 4.0, scale=5.0), a(30.0))
    assert_close(fg.grad(product, argnames="scale")(2.0, 3.0, 4.0, scale=5.0), a(24.0))


def test_keyword_only_and_positional_only_arguments():
    def f(x, /, *, y):
        return x * y

    assert_close(fg.grad(f, argnames=("x", "y"))(2.0, y=3.0), (a(3.0), a(2.0)))


def test_methods_partials_callable_objects_and_compiled_functions():
    @dataclasses.dataclass
    class Line:
        slope: float

        def at(self, x):
            return self.slope * x

        def __call__(self, x, y):
            return self.slope * x * y

    assert_close(fg.grad(Line(3.0).at, argnames="x")(2.0), a(3.0))
    assert_close(fg.grad(Line(3.0), argnames="y")(2.0, 5.0), a(6.0))
    assert_close(fg.grad(functools.partial(loss, 2.0), argnames="y")(3.0), a(4.0))
    assert_close(fg.grad(jax.jit(loss), argnames="y")(2.0, 3.0), a(4.0))
    assert_close(fg.grad(jnp.sin)(0.0), a(1.0))


def test_a_decorated_function_whose_signature_is_not_its_own():
    @functools.wraps(loss)
    def with_third(x):
        return loss(x, 3.0)

    assert_close(fg.grad(with_third)(2.0), a(12.0))
    assert_close(fg.grad(with_third, argnames="x")(2.0), a(12.0))


class WithoutSignature:
    __signature__ = "none that can be read"

    def __call__(self, *args, scale=1.0):
        return args[0] * args[1] * scale


def test_a_function_without_signature_takes_numbers_and_keywords():
    assert_close(fg.grad(WithoutSignature(), argnums=1)(2.0, 3.0), a(2.0))
    assert_close(fg.grad(WithoutSignature(), argnames="scale")(2.0, 3.0, scale=4.0), a(6.0))
    message = (
        "grad(): argnames must name an argument of the function; got 'x'; call the function with arguments, "
        "or select by position with argnums."
    )
    with raises(fg.ArgumentError, message):
        fg.grad(WithoutSignature(), argnames="x")(2.0, 3.0)
    message = (
        "grad(): argument '0' must have a floating leaf to differentiate; got int 2; "
        "write 2.0 instead of 2, or convert it with fg.to(x, 'float')."
    )
    with raises(fg.DtypeError, message):
        fg.grad(WithoutSignature())(2, 3.0)


# Paths and patterns


@every_word
def test_a_whole_tree_has_none_where_nothing_is_floating(word):
    assert_close(derivative(word, model)(PARAMS, 2.0), GRADIENTS)


@every_word
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("params.encoder", GRADIENTS["encoder"]),
        ("params.encoder.w", GRADIENTS["encoder"]["w"]),
        ("params.heads", GRADIENTS["heads"]),
        ("params.heads.1", GRADIENTS["heads"][1]),
        ("params", GRADIENTS),
    ],
)
def test_an_exact_path_gives_that_part(word, path, expected):
    assert_close(derivative(word, model, argnames=path)(PARAMS, 2.0), expected)
    assert_close(derivative(word, model, argnames=[path, "x"])(PARAMS, 2.0)[0], expected)


@every_word
@pytest.mark.parametrize(
    ("pattern", "kept"),
    [
        ("params.encoder.*", {"encoder.w", "encoder.b"}),
        ("params.*", {"encoder.w", "encoder.b", "heads.0", "heads.1"}),
        ("params.*.w", {"encoder.w"}),
        ("params.*der*", {"encoder.w", "encoder.b"}),
        ("params.h*s", {"heads.0", "heads.1"}),
        ("params.*1", {"heads.1"}),
    ],
)
def test_a_pattern_gives_the_whole_structure(word, pattern, kept):
    expected = jax.tree_util.tree_map_with_path(
        lambda keys, g: g if jax.tree_util.keystr(keys, simple=True, separator=".") in kept else None, GRADIENTS
    )
    found = derivative(word, model, argnames=pattern)(PARAMS, 2.0)
    assert_close(found, expected)
    updated = jax.tree.map(lambda p, g: p if g is None else p - 0.5 * g, PARAMS, found)
    assert jax.tree.structure(updated) == jax.tree.structure(PARAMS)
    assert updated["step"] == 7


def test_a_part_and_the_whole_may_be_asked_for_together():
    whole, part = fg.grad(model, argnames=("params", "params.heads"))(PARAMS, 2.0)
    assert_close((whole, part), (GRADIENTS, GRADIENTS["heads"]))


def test_keys_that_hold_dots_are_found_as_written():
    state = {"layer.0.w": 2.0, "layer.0": {"b": 3.0}}
    f = lambda state: state["layer.0.w"] * state["layer.0"]["b"] * 4.0  # noqa: E731
    assert_close(fg.grad(f, argnames="state.layer.0.w")(state), a(12.0))
    assert_close(fg.grad(f, argnames="state.layer.0.b")(state), a(8.0))
    assert_close(fg.grad(lambda state: state[5] ** 2, argnames="state.5")({5: 3.0, 6: 1.0}), a(6.0))


@jax.tree_util.register_dataclass
@dataclasses.dataclass
class Layer:
    weight: jax.Array
    bias: jax.Array | None
    name: str = dataclasses.field(metadata={"static": True}, default="layer")


def test_attributes_of_registered_dataclasses_are_names():
    layer = Layer(a([1.0, 2.0]), None)
    found = fg.grad(lambda layer: (layer.weight**2).sum(), argnames="layer.weight")(layer)
    assert_close(found, a([2.0, 4.0]))
    whole = fg.grad(lambda layer: (layer.weight**2).sum())(layer)
    assert (whole.bias, whole.name) == (None, "layer")


# What is selected is differentiated, and nothing else


def equations(f, *args):
    return sum(
        1 + sum(equations_of(sub) for sub in jax.tree.leaves(eqn.params) if hasattr(sub, "eqns"))
        for eqn in jax.make_jaxpr(f)(*args).eqns
    )


def equations_of(jaxpr):
    return len(jaxpr.eqns)


def test_nothing_is_computed_for_what_is_not_selected():
    def f(params, x):
        return jnp.sum(jnp.tanh(x @ params["first"]) @ params["last"])

    params = {"first": jnp.ones((3, 4)), "last": jnp.ones((4, 2))}
    x = jnp.ones((5, 3))
    partial = equations(fg.grad(f, argnames="params.last"), params, x)
    by_hand = equations(lambda p, x: jax.grad(lambda last: f({**p, "last": last}, x))(p["last"]), params, x)
    whole = equations(fg.grad(f), params, x)
    assert partial == by_hand < whole
    assert equations(fg.grad(f, argnames="params.last*"), params, x) == by_hand
    products = str(jax.make_jaxpr(fg.grad(f, argnames="params.last"))(params, x)).count("dot_general")
    assert products == 3  # two forward, one back; the gradient at `first` would need two more


def test_leaves_that_are_not_floating_are_handed_through_as_they_are():
    seen = {}
    array = np.arange(3)

    def f(tree, x):
        seen.update(tree)
        return x * tree["scale"] * len(range(tree["n"]))

    key = jax.random.key(0)
    tree = {"n": 3, "flag": True, "name": "f", "fn": abs, "none": None, "key": key, "array": array, "scale": 2.0}
    found = fg.grad(f)(tree, 5.0)
    assert_close(found.pop("scale"), a(15.0))
    assert found == dict.fromkeys(found, None)
    assert all(seen[name] is tree[name] for name in ("n", "flag", "name", "fn", "none", "key", "array"))


def test_what_is_not_selected_is_handed_through_as_it_is():
    unused = object()

    def f(x, options):
        assert options[0] is unused
        return x * options[1]

    assert_close(fg.grad(f)(2.0, [unused, 3]), a(3.0))


# Kinds of numbers


def test_python_floats_are_differentiated_as_arrays_of_their_own_dtype():
    found = fg.grad(lambda x, w: jnp.sum(x * w).astype("float32"))(2.0, jnp.ones(3, "bfloat16"))
    assert (found.dtype, found.weak_type) == (fg.float32, False)


def test_a_python_float_does_not_widen_what_it_meets():
    seen = []
    fg.grad(lambda x, w: seen.append((x * w).dtype) or x)(2.0, jnp.ones(3, "bfloat16"))
    assert seen == [fg.bfloat16]


@pytest.mark.parametrize("value", [np.float64(2.0), np.float32(2.0), np.array(2.0), 2.0])
def test_numpy_numbers_are_converted(value):
    assert_close(fg.grad(lambda x: x**3)(value), a(12.0))


def test_numpy_buffers_are_copied_before_jax_sees_them():
    host = np.ones(1 << 16, np.float32)
    _, vjp_fn = fg.vjp(lambda x: x * x, host)
    host[:] = 0
    assert_close(vjp_fn(fg.ones(1 << 16))[0], fg.full((1 << 16,), 2.0))


def test_values_that_do_not_fit_are_errors():
    tail = "ask for dtype='float64' after jax.config.update(\"jax_enable_x64\", True), or pass lossy=True."
    with raises(fg.ConversionError, f"grad(): every value must fit in float32; got 1e+300 at index 0; {tail}"):
        fg.grad(lambda x: x.sum())(np.array([1e300]))
    with raises(fg.ConversionError, f"grad(): every value must fit in float32; got 1e+300; {tail}"):
        fg.grad(lambda x: x)(1e300)


# Messages


@every_word
def test_both_ways_at_once(word):
    message = f"{word}(): argnums and argnames are two ways to say one thing; got both; pass one of them."
    with raises(fg.ArgumentError, message):
        getattr(fg, word)(loss, argnums=0, argnames="x")


@every_word
def test_an_unknown_name(word):
    message = f"{word}(): argnames must name an argument of the function; got 'z'; choose from 'x' and 'y'."
    with raises(fg.ArgumentError, message):
        getattr(fg, word)(loss, argnames="z")(2.0, 3.0)


@every_word
def test_an_unknown_path(word):
    message = (
        f"{word}(): argnames must name a part of argument 'params'; got 'params.encoder.v'; "
        "choose from 'params.encoder.b' and 'params.encoder.w'."
    )
    with raises(fg.ArgumentError, message):
        getattr(fg, word)(model, argnames="params.encoder.v")(PARAMS, 2.0)


def test_other_unknown_parts():
    message = (
        "grad(): argnames must name a part of argument 'params'; got 'params.body.w'; "
        "choose from 'params.encoder', 'params.heads' and 'params.step'."
    )
    with raises(fg.ArgumentError, message):
        fg.grad(model, argnames="params.body.w")(PARAMS, 2.0)
    message = "grad(): argnames must name a part of argument 'x'; got 'x.w'; choose from 'x'."
    with raises(fg.ArgumentError, message):
        fg.grad(model, argnames="x.w")(PARAMS, 2.0)
    message = (
        "grad(): argnames must name a part of argument 'params'; got 'params.bo*'; choose from "
        "'params.encoder.b', 'params.encoder.w', 'params.heads.0', 'params.heads.1' and 'params.step'."
    )
    with raises(fg.ArgumentError, message):
        fg.grad(model, argnames="params.bo*")(PARAMS, 2.0)
    message = (
        "grad(): argnames must name a part of argument 'params'; got 'params.x*'; choose from 'params.0', "
        "'params.1', 'params.2', 'params.3', 'params.4', 'params.5', 'params.6', 'params.7' and 12 more."
    )
    with raises(fg.ArgumentError, message):
        fg.grad(lambda params: params[0], argnames="params.x*")([1.0] * 20)
    message = (
        "grad(): a pattern must begin with the name of an argument and a dot; got '*.w'; write for example 'params.*'."
    )
    with raises(fg.ArgumentError, message):
        fg.grad(model, argnames="*.w")(PARAMS, 2.0)


@every_word
def test_a_number_out_of_range(word):
    message = f"{word}(): argnums must be in [-2, 1] for 2 arguments; got 3; count from 0, or from -1 at the end."
    with raises(fg.ArgumentError, message):
        getattr(fg, word)(loss, argnums=3)(2.0, 3.0)


def test_other_selections_that_cannot_be():
    message = "grad(): argnums must be in [-1, 0] for 1 argument; got -2; count from 0, or from -1 at the end."
    with raises(fg.ArgumentError, message):
        fg.grad(lambda x: x, argnums=-2)(1.0)
    message = (
        "grad(): argument 'scale' must be given to be differentiated; the call leaves it out; pass it in the call."
    )
    with raises(fg.ArgumentError, message):
        fg.grad(loss, argnums=2)(2.0, 3.0)
    with raises(fg.ArgumentError, message):
        fg.grad(loss, argnames="scale")(2.0, 3.0)
    message = (
        "grad(): there must be an argument to differentiate; the call gave none by position; "
        "pass it by position, or select it with argnames."
    )
    with raises(fg.ArgumentError, message):
        fg.grad(lambda **kwargs: kwargs["x"])(x=1.0)
    message = "grad(): argnums must be an int or a sequence of them; got str 'x'; write for example argnums=0."
    with raises(fg.ArgumentTypeError, message):
        fg.grad(loss, argnums="x")
    with raises(fg.ArgumentTypeError, message.replace("str 'x'", "bool True")):
        fg.grad(loss, argnums=True)
    message = "grad(): argnames must be a str or a sequence of them; got int 1; write for example argnames='x'."
    with raises(fg.ArgumentTypeError, message):
        fg.grad(loss, argnames=["x", 1])
    with raises(fg.ArgumentError, "grad(): argnums must select something; got an empty sequence; select an argument."):
        fg.grad(loss, argnums=())
    message = "grad(): each argument may be selected once; got 'x' twice; drop one of them."
    with raises(fg.ArgumentError, message):
        fg.grad(loss, argnums=(0, -2))(2.0, 3.0)


@every_word
def test_an_integer_is_not_differentiated(word):
    message = (
        f"{word}(): argument 'x' must have a floating leaf to differentiate; got int 3; "
        "write 3.0 instead of 3, or convert it with fg.to(x, 'float')."
    )
    with raises(fg.DtypeError, message):
        getattr(fg, word)(loss)(3, 2.0)


@pytest.mark.parametrize(
    ("argnames", "tree", "told"),
    [
        (None, fg.tensor([1, 2]), "got int32 of shape (2,); convert it with fg.to(x, 'float'), or "),
        (None, np.array(1), "got int64 of shape (); convert it with fg.to(x, 'float'), or "),
        (None, {"n": fg.tensor(1)}, "got int32 of shape () at 'tree.n'; convert it with fg.to(x, 'float'), or "),
        (None, "text", "got str 'text'; "),
        (None, True, "got bool True; "),
        (None, None, "got None; "),
        (None, {}, "got a dict without leaves; "),
        (None, print, "got a builtin_function_or_method; "),
    ],
)
def test_an_argument_without_floating_leaves(argnames, tree, told):
    message = f"grad(): argument 'tree' must have a floating leaf to differentiate; {told}select another argument."
    with raises(fg.DtypeError, message):
        fg.grad(lambda tree: 1.0, argnames=argnames)(tree)


@pytest.mark.parametrize("path", ["params.step", "params.st*"])
def test_an_integer_leaf_asked_for_by_path(path):
    where = "" if path == "params.step" else " at 'params.step'"
    message = (
        f"grad(): argument '{path}' must have a floating leaf to differentiate; got int 7{where}; "
        "write 7.0 instead of 7, or convert it with fg.to(x, 'float')."
    )
    with raises(fg.DtypeError, message):
        fg.grad(model, argnames=path)(PARAMS, 2.0)


def test_complex_arguments_need_holomorphic():
    message = (
        "grad(): argument 'z' must be real; got complex64 of shape (); pass its real and imaginary parts, "
        "or holomorphic=True where the function is holomorphic."
    )
    with raises(fg.DtypeError, message):
        fg.grad(lambda z: jnp.abs(z))(fg.tensor(1 + 2j))
    message = (
        "grad(): argument 'z' must be complex where holomorphic=True; got float 1.0; "
        "convert it with fg.to(x, 'cfloat'), or leave holomorphic out."
    )
    with raises(fg.DtypeError, message):
        fg.grad(lambda z: z, holomorphic=True)(1.0)


def test_something_that_is_no_function():
    message = (
        "grad(): func must be a function; got float32 of shape (); "
        "pass the function itself and call what comes back, as in fg.grad(f)(x)."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.grad(fg.tensor(1.0))


def test_a_call_that_does_not_fit_fails_in_pythons_words():
    with pytest.raises(TypeError, match=r"missing 1 required positional argument: 'y'"):
        fg.grad(loss)(2.0)
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'q'"):
        fg.grad(loss)(2.0, 3.0, q=4.0)
