"""Under jit a word is the plain JAX program: the same StableHLO, or the same after XLA's optimisation.

Words with a formulation of their own stand in `OWN` with the reason; they must differ, so that the list stays true.
"""

import inspect
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from plain import PLAIN, SAMPLES

import funcgrad as fg
from funcgrad.testing import assert_no_retrace

WORDS = {name: getattr(fg, name) for name in fg.__all__}
_NAN = "a NaN is kept, which XLA's CPU reductions drop"
OWN = {
    "amax": _NAN,
    "amin": _NAN,
    "max": _NAN,
    "min": _NAN,
    "exp2": "thirty times more exact than exp(x ln 2)",
    "linspace": "counted from the nearer end, and so within rounding of torch and NumPy",
    "logsumexp": "its derivative is 0 at minus infinity, and not NaN",
    "median": "the derivative is shared evenly by ties, and NaN is found wherever it stands",
    "quantile": "torch's five interpolations, and ranks that are exact in 16 bits",
    "sign": "sign(NaN) is 0, as torch's is",
    "std": "its derivative at a constant is 0, and not NaN",
    "trace": "jnp.trace reads the whole matrix",
}


def lowered(code, namespace, extra=""):
    """The lowered program of an expression in the names of SAMPLES."""
    used = [name for name in SAMPLES if re.search(rf"\b{name}\b", code)]
    body = eval(f"lambda {', '.join(used)}: {code}", dict(namespace))

    def program(*arrays):
        return jax.tree.leaves(body(*arrays))

    def slopes(*arrays):
        return jax.grad(lambda first, *rest: sum(jnp.sum(leaf) for leaf in program(first, *rest)))(*arrays)

    function = slopes if extra == "gradient" else program
    function.__name__ = "program"
    return jax.jit(function).lower(*[jnp.asarray(SAMPLES[name]) for name in used])


def optimised(program):
    """XLA's optimised HLO without metadata, its names counted as they come."""
    text = program.compile().as_text()
    text = "\n".join(line for line in text.splitlines()[1:] if re.search(r"^ *(ROOT |ENTRY )?%|^\}", line))
    text = re.sub(r", (metadata|frontend_attributes)=\{[^}]*\}|, backend_config=\{.*\}$", "", text, flags=re.MULTILINE)
    names = {}
    return re.sub(r"%[\w.-]+|\bparam_[\d.]+", lambda m: names.setdefault(m[0], f"%{len(names)}"), text)


def same(ours, plain):
    """Texts first: most are equal as lowered, and compiling is the cost."""
    return ours.as_text() == plain.as_text() or optimised(ours) == optimised(plain)


@pytest.mark.parametrize("word", PLAIN)
def test_a_word_compiles_to_the_plain_program(word):
    ours, plain = PLAIN[word]
    equal = same(lowered(ours, WORDS), lowered(plain, {"jnp": jnp, "jax": jax}))
    assert equal == (word not in OWN), OWN.get(word, "the programs differ")


@pytest.mark.parametrize(
    "word", ["mul", "sum", "mean", "matmul", "einsum", "cat", "reshape", "where", "softmax", "tanh"]
)
def test_a_gradient_compiles_to_the_plain_program(word):
    ours, plain = PLAIN[word]
    if word == "where":
        ours, plain = "where(x > 0.5, x, y)", "jnp.where(x > 0.5, x, y)"
    assert same(lowered(ours, WORDS, "gradient"), lowered(plain, {"jnp": jnp, "jax": jax}, "gradient"))


@pytest.mark.parametrize("fault", ["jnp.sin(x) + 0 * x", "jnp.cos(x)", "jnp.sin(x.astype(jnp.float16))"])
def test_a_program_with_more_in_it_is_seen(fault):
    assert same(lowered("sin(x)", WORDS), lowered("jnp.sin(x)", {"jnp": jnp}))
    assert not same(lowered("sin(x)", WORDS), lowered(fault, {"jnp": jnp}))


SPELLINGS = {
    "dim": [{"dim": 1}, {"axis": 1}, {"dim": -1}, {"axis": -1}, {"dim": np.int64(1)}],
    "several": [{"dim": (0, 1)}, {"axis": [0, 1]}, {"dim": [-2, -1]}, {"axis": (0, -1)}],
}
OF_A_DIMENSION = [
    word
    for word, (call, _) in PLAIN.items()
    if call.endswith("(x, 1)") and word != "unsqueeze" and "dim" in inspect.signature(getattr(fg, word)).parameters
]


@pytest.mark.parametrize("kind", SPELLINGS)
@pytest.mark.parametrize("word", OF_A_DIMENSION)
def test_no_spelling_of_a_dimension_compiles_again(word, kind):
    x = fg.tensor(SAMPLES["x"])
    function = getattr(fg, word)
    first, *others = SPELLINGS[kind]
    try:
        expected = function(x, **first)
    except fg.FuncgradError:  # a word of one dimension
        assert kind == "several"
        return
    with assert_no_retrace():
        for spelling in others:
            jax.tree.map(np.testing.assert_array_equal, function(x, **spelling), expected)
        if kind == "dim":
            for place in (1, -1, np.int32(1)):
                function(x, place)
