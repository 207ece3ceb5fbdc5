"""Random words: the laws of the draws, the streams, and what is refused.

Draws come from fixed keys, so that a test gives the same verdict each time. The bounds are those that a right sampler
would exceed once in ten thousand keys; the tests at the end show that they are narrow enough to find a fault.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import raises
from scipy import stats

import funcgrad as fg
from funcgrad._absent import ABSENT
from funcgrad.testing import assert_no_retrace

KEY = fg.key(7)
N = 100_000
LEVEL = 1e-4


def follows(draws, distribution) -> bool:
    """Kolmogorov and Smirnov: whether the draws may come from a continuous distribution."""
    return stats.kstest(np.asarray(draws, np.float64).ravel(), distribution.cdf).pvalue > LEVEL


def counts_follow(counts, probabilities) -> bool:
    """Pearson: whether counts of categories may come from these probabilities; nothing where those are 0."""
    counts, expected = np.asarray(counts, np.float64), np.asarray(probabilities, np.float64)
    expected = expected / expected.sum() * counts.sum()
    if counts[expected == 0].any():
        return False
    return stats.chisquare(counts[expected > 0], expected[expected > 0]).pvalue > LEVEL


def count_follows(draws, distribution, most: int) -> bool:
    """The same for draws of whole numbers, those from `most` on taken together."""
    draws = np.minimum(np.asarray(draws, int), most)
    pmf = distribution.pmf(np.arange(most))
    return counts_follow(np.bincount(draws, minlength=most + 1), [*pmf, 1 - pmf.sum()])


# The laws


def filled(name, **parameters):
    """What the advice on torch's in-place sampler `name` draws."""
    names = {"fg": fg, "np": np, "x": fg.zeros(N), "key": KEY, **parameters}
    return eval(ABSENT[name].removeprefix("write x = "), names)


def test_advice_on_samplers_of_whole_numbers_has_their_law():
    assert count_follows(filled("geometric_", p=0.3), stats.geom(0.3), 20)
    assert counts_follow(np.bincount(filled("bernoulli_", p=0.3).astype(int)), [0.7, 0.3])
    assert counts_follow(np.bincount(filled("random_", low=0, high=4)), [0.25] * 4)


def test_advice_on_cauchy_has_its_law():
    assert follows(np.asarray(filled("cauchy_", median=1.0, sigma=2.0), np.float64), stats.cauchy(1, 2))


@pytest.mark.parametrize(
    ("draw", "law"),
    [
        (lambda: fg.rand(N, key=KEY), stats.uniform()),
        (lambda: fg.rand_like(fg.zeros(N), key=KEY), stats.uniform()),
        (lambda: fg.randn(N, key=KEY), stats.norm()),
        (lambda: fg.randn_like(fg.zeros(N), key=KEY), stats.norm()),
        (lambda: fg.randn(N, key=KEY, dtype="complex64").real * np.sqrt(2), stats.norm()),
        (lambda: fg.normal(3, 2, (N,), key=KEY), stats.norm(3, 2)),
        (lambda: fg.normal(fg.zeros(N) - 1, 0.5, key=KEY), stats.norm(-1, 0.5)),
        (lambda: fg.uniform(-2, 3, (N,), key=KEY), stats.uniform(-2, 5)),
        (lambda: fg.exponential(2, (N,), key=KEY), stats.expon(scale=0.5)),
        (lambda: fg.gamma(2.5, 2, (N,), key=KEY), stats.gamma(2.5, scale=0.5)),
        (lambda: fg.gamma(0.3, size=(N,), key=KEY), stats.gamma(0.3)),
        (lambda: filled("log_normal_", mean=0.5, std=0.25), stats.lognorm(0.25, scale=np.exp(0.5))),
        (lambda: filled("exponential_", rate=2.0), stats.expon(scale=0.5)),
        (lambda: filled("normal_", mean=3.0, std=2.0), stats.norm(3, 2)),
        (lambda: filled("uniform_", low=-2.0, high=3.0), stats.uniform(-2, 5)),
    ],
)
def test_continuous_law(draw, law):
    draws = np.asarray(draw(), np.float64)
    assert follows(draws, law)
    # The mean and the variance, within four standard errors.
    assert abs(draws.mean() - law.mean()) < 4 * law.std() / np.sqrt(N)
    fourth = float(law.stats("k")) + 2
    assert abs(draws.var() / law.var() - 1) < 4 * np.sqrt(fourth / N)


@pytest.mark.parametrize(
    ("draw", "law", "most"),
    [
        (lambda: fg.randint(6, (N,), key=KEY), stats.randint(0, 6), 6),
        (lambda: fg.randint(-3, 4, (N,), key=KEY) + 3, stats.randint(0, 7), 7),
        (lambda: fg.randint_like(fg.zeros(N), 2, 5, key=KEY) - 2, stats.randint(0, 3), 3),
        (lambda: fg.bernoulli(fg.full((N,), 0.3), key=KEY), stats.bernoulli(0.3), 2),
        (lambda: fg.binomial(10, 0.3, (N,), key=KEY), stats.binom(10, 0.3), 9),
        (lambda: fg.binomial(1000, 0.02, (N,), key=KEY), stats.binom(1000, 0.02), 35),
        (lambda: fg.poisson(fg.full((N,), 3.5), key=KEY), stats.poisson(3.5), 13),
        (lambda: fg.poisson(fg.full((N,), 30.0), key=KEY), stats.poisson(30), 50),
        (lambda: fg.multinomial(fg.tensor([2.0, 0.0, 1.0, 5.0]), N, True, key=KEY) % 4, None, 3),
    ],
)
def test_law_of_whole_numbers(draw, law, most):
    draws = draw()
    if law is None:
        assert counts_follow(np.bincount(np.asarray(draws), minlength=4), [2, 0, 1, 5])
    else:
        assert count_follows(draws, law, most)


def test_multinomial_without_replacement_draws_in_proportion_and_never_twice():
    weights = fg.tensor([1.0, 2.0, 0.0, 3.0])
    draws = np.asarray(jax.vmap(lambda key: fg.multinomial(weights, 2, key=key))(fg.keys(KEY, 20_000)))
    assert (draws[:, 0] != draws[:, 1]).all()
    w = np.asarray(weights) / 6
    pairs = np.outer(w, w) / (1 - w)[:, None]  # the second among those that are left
    np.fill_diagonal(pairs, 0)
    assert counts_follow(np.bincount(draws[:, 0] * 4 + draws[:, 1], minlength=16), pairs.ravel())


def test_multinomial_of_rows_draws_each_from_its_own():
    rows = fg.tensor([[1.0, 3.0, 0.0], [0.0, 1.0, 1.0]])
    draws = np.asarray(fg.multinomial(rows, N, replacement=True, key=KEY))
    assert draws.shape == (2, N)
    assert all(counts_follow(np.bincount(d, minlength=3), r) for d, r in zip(draws, np.asarray(rows), strict=True))


def test_multinomial_reaches_the_ends_and_never_a_weight_of_zero():
    weights = fg.tensor([0.0] * 5 + [1.0] + [0.0] * 5)
    assert set(np.asarray(fg.multinomial(weights, 1000, True, key=KEY))) == {5}
    assert np.asarray(fg.multinomial(weights, 1, key=KEY)) == [5]
    rng = np.random.default_rng(0)
    many = (rng.random(40_000) * (rng.random(40_000) < 0.1)).astype(np.float32)  # running sums that rise at zeros
    assert many[np.asarray(fg.multinomial(many, 1_000_000, True, key=KEY))].all()


def test_multinomial_counts_sum_to_n_and_follow_the_probabilities():
    die = fg.ones(6) / 6
    counts = np.asarray(fg.multinomial_counts(100, die, (1000,), key=KEY))
    assert counts.shape == (1000, 6)
    assert counts.dtype == np.float32
    assert (counts.sum(-1) == 100).all()
    assert counts_follow(counts.sum(0), np.ones(6))
    assert abs(counts.var(0).mean() / (100 * 5 / 36) - 1) < 4 * np.sqrt(2 / 1000)
    assert counts_follow(fg.multinomial_counts(N, fg.tensor([2.0, 0.0, 6.0]), key=KEY), [1, 0, 3])


def test_randperm_is_a_permutation_and_every_place_is_even():
    draws = np.asarray(jax.vmap(lambda key: fg.randperm(4, key=key))(fg.keys(KEY, 20_000)))
    assert (np.sort(draws) == np.arange(4)).all()
    codes = np.unique(draws @ 4 ** np.arange(4), return_counts=True)[1]
    assert len(codes) == 24
    assert counts_follow(codes, np.ones(24))


def test_ends_of_intervals():
    draws = fg.rand(1_000_000, key=KEY)
    assert float(draws.min()) >= 0
    assert float(draws.max()) < 1
    # Here a + (b - a) * u would round to b every other time.
    high = np.nextafter(np.float32(1), np.float32(2))
    assert float(fg.uniform(1.0, fg.tensor(high), (1000,), key=KEY).max()) < high
    assert (fg.uniform(2.0, 2.0, (3,), key=KEY) == 2).all()
    everything = fg.randint(0, 256, (N,), key=KEY, dtype="uint8")
    assert counts_follow(np.bincount(np.asarray(everything), minlength=256), np.ones(256))
    extremes = np.asarray(fg.randint(-(2**31), 2**31, (N,), key=KEY), np.float64)
    assert follows(extremes, stats.uniform(-(2.0**31), 2.0**32))
    unsigned = np.asarray(fg.randint(0, 2**32, (N,), key=KEY, dtype="uint32"), np.float64)
    assert follows(unsigned, stats.uniform(0, 2.0**32))


def test_narrow_floats_keep_their_law():
    for dtype in ("float16", "bfloat16"):
        assert fg.rand(5, key=KEY, dtype=dtype).dtype == dtype
        draws = np.asarray(fg.rand(N, key=KEY, dtype=dtype), np.float64)
        assert draws.max() < 1
        assert abs(draws.mean() - 0.5) < 0.01


# Streams


def test_the_same_key_gives_the_same_numbers_and_another_key_others():
    assert (fg.rand(5, key=fg.key(1)) == fg.rand(5, key=fg.key(1))).all()
    assert not (fg.rand(5, key=fg.key(1)) == fg.rand(5, key=fg.key(2))).any()
    first, second = fg.keys(fg.key(1))
    correlation = np.corrcoef(fg.randn(N, key=first), fg.randn(N, key=second))[0, 1]
    assert abs(correlation) < 4 / np.sqrt(N)


def test_every_bit_of_a_seed_counts():
    seeds = [0, 1, 2**31, 2**32 - 1, 2**32, 2**40, 2**63, 2**64 - 2, -1, -(2**63)]
    data = {tuple(np.asarray(jax.random.key_data(fg.key(seed)))) for seed in seeds}
    assert len(data) == len(seeds) - 1  # 2**63 and -2**63 are the same 64 bits
    assert (jax.random.key_data(fg.key(5)) == jax.random.key_data(jax.random.key(5))).all()
    with jax.enable_x64(True):
        again = {tuple(np.asarray(jax.random.key_data(fg.key(seed)))) for seed in seeds}
    assert again == data


def test_named_streams_are_fixed_numbers():
    """The numbers themselves, so that neither a hash nor a machine nor a version changes them unseen."""
    stream = fg.fold_in(fg.key(0), "dropout", 3)
    assert np.asarray(jax.random.key_data(stream)).tolist() == [932938017, 1508900349]
    assert (
        jax.random.key_data(fg.fold_in(fg.key(0), 3)) == jax.random.key_data(jax.random.fold_in(fg.key(0), 3))
    ).all()


def test_names_do_not_collide():
    spelled = [("a",), ("b",), ("ab",), ("a", "b"), ("b", "a"), ("a", 0), ("a", 1), (0,), (1,), (0, "a"), ("",)]
    data = {tuple(np.asarray(jax.random.key_data(fg.fold_in(KEY, *names)))) for names in spelled}
    assert len(data) == len(spelled)


def test_a_traced_step_names_the_same_stream():
    step = jax.jit(lambda step: fg.rand(2, key=fg.fold_in(KEY, "noise", step)))
    np.testing.assert_array_equal(step(5), fg.rand(2, key=fg.fold_in(KEY, "noise", 5)))
    np.testing.assert_array_equal(step(5), fg.rand(2, key=fg.fold_in(KEY, "noise", fg.tensor(5))))
    traced = jax.jit(lambda seed: fg.rand(2, key=fg.key(seed)))(3)
    np.testing.assert_array_equal(traced, fg.rand(2, key=fg.key(3)))


def test_mapping_over_keys_gives_what_each_key_gives():
    keys = fg.keys(KEY, 3)
    mapped = jax.vmap(lambda key: fg.randn(2, key=key))(keys)
    np.testing.assert_array_equal(mapped, jnp.stack([fg.randn(2, key=key) for key in keys]))


def test_a_draw_is_one_dispatch_and_new_keys_compile_nothing():
    words = [
        lambda key: fg.rand(3, key=key),
        lambda key: fg.randint(2, 9, (3,), key=key),
        lambda key: fg.fold_in(key, "a", 3),
        lambda key: fg.multinomial(fg.ones(4), 2, key=key),
    ]
    for word in words:
        word(fg.key(0))
        word(fg.key(0))
        keys = [fg.key(i) for i in (1, 2)]
        with assert_no_retrace():
            for key in keys:
                word(key)
    with assert_no_retrace():
        fg.randint(3, 7, (3,), key=KEY)  # other bounds are not another program


def test_gradients_flow_through_parameters():
    mean, std = jax.grad(lambda m, s: fg.normal(m, s, (5,), key=KEY).sum(), (0, 1))(1.0, 2.0)
    assert mean == 5
    assert std == pytest.approx(float(fg.randn(5, key=KEY).sum()), rel=1e-6)
    # The mean of a gamma variable is concentration / rate.
    slope = jax.grad(lambda a: fg.gamma(a, 2.0, (N,), key=KEY).mean())(3.0)
    assert slope == pytest.approx(0.5, abs=0.01)


# Messages


def test_a_key_is_required():
    message = (
        "{}(): key= is required, because no generator is kept here; got none; "
        "pass key=fg.key(0), and a new one from fg.keys each time."
    )
    half = fg.tensor([0.5])
    calls = {
        "rand": lambda: fg.rand(2),
        "randn": lambda: fg.randn(2),
        "rand_like": lambda: fg.rand_like(half),
        "randn_like": lambda: fg.randn_like(half),
        "randint": lambda: fg.randint(2, (3,)),
        "randint_like": lambda: fg.randint_like(half, 2),
        "randperm": lambda: fg.randperm(3),
        "normal": lambda: fg.normal(half, half),
        "uniform": lambda: fg.uniform(),
        "exponential": lambda: fg.exponential(),
        "gamma": lambda: fg.gamma(half),
        "bernoulli": lambda: fg.bernoulli(half),
        "binomial": lambda: fg.binomial(half, half),
        "poisson": lambda: fg.poisson(half),
        "multinomial": lambda: fg.multinomial(half, 1),
        "multinomial_counts": lambda: fg.multinomial_counts(1, half),
    }
    for name, call in calls.items():
        with raises(fg.ArgumentTypeError, message.format(name)):
            call()


def test_what_is_not_a_key():
    with raises(fg.ArgumentTypeError, "rand(): key must be a key; got int32 of shape (); pass key=fg.key(0)."):
        fg.rand(2, key=0)
    with raises(fg.ArgumentTypeError, "rand(): key must be a key; got float32 of shape (2,); pass key=fg.key(0)."):
        fg.rand(2, key=fg.ones(2))
    with raises(
        fg.ArgumentTypeError,
        "rand(): key must be one key; got 3 of shape (3,); index them, or map over them with fg.vmap.",
    ):
        fg.rand(2, key=fg.keys(KEY, 3))
    with raises(
        fg.ArgumentTypeError,
        "rand(): there is no generator=; got generator=; pass key=fg.key(0) instead.",
    ):
        fg.rand(2, generator=None)
    with raises(fg.ArgumentTypeError, "keys(): key must be a key; got int32 of shape (); pass key=fg.key(0)."):
        fg.keys(0)
    with raises(fg.ShapeError, "keys(): sizes must not be negative; got (-1,); write sizes of 0 or more."):
        fg.keys(KEY, -1)


def test_messages_of_keys():
    with raises(fg.ArgumentTypeError, "key(): seed must be an integer; got float 1.5; write fg.key(0)."):
        fg.key(1.5)
    with raises(fg.ArgumentTypeError, "key(): seed must be an integer; got float32 of shape (2,); pass an int."):
        fg.key(fg.ones(2))
    message = "key(): seed must fit in 64 bits; got 18446744073709551616; choose a smaller one."
    with raises(fg.ConversionError, message):
        fg.key(2**64)
    message = "fold_in(): at least one name is needed; got none; write for example fg.fold_in(key, 'dropout', step)."
    with raises(fg.ArgumentError, message):
        fg.fold_in(KEY)
    message = "fold_in(): names must be strings or integers; got float 1.5; write it as a string."
    with raises(fg.ArgumentTypeError, message):
        fg.fold_in(KEY, 1.5)
    message = "fold_in(): an integer name must be in [0, 2147483647]; got -1; write it as a string."
    with raises(fg.ArgumentError, message):
        fg.fold_in(KEY, -1)


def test_messages_of_dtypes():
    with raises(fg.DtypeError, "rand(): dtype must be floating; got int32; use fg.randint for integers."):
        fg.rand(2, key=KEY, dtype="int32")
    with raises(fg.DtypeError, "rand_like(): dtype must be floating; got int32; use fg.randint for integers."):
        fg.rand_like(fg.arange(3), key=KEY)
    message = "randn(): dtype must be floating or complex; got bool; use fg.randint for integers."
    with raises(fg.DtypeError, message):
        fg.randn(2, key=KEY, dtype="bool")
    message = "randint(): dtype must be an integer or floating; got bool; use fg.bernoulli for booleans."
    with raises(fg.DtypeError, message):
        fg.randint(2, (3,), key=KEY, dtype="bool")
    message = "normal(): dtype must be floating; got int32; draw floats and convert them."
    with raises(fg.DtypeError, message):
        fg.normal(0, 1, (3,), key=KEY, dtype="int32")
    message = "bernoulli(): input must be floating point; got int32 of shape (2,); convert it with fg.to(x, 'float')."
    with raises(fg.DtypeError, message):
        fg.bernoulli(fg.tensor([0, 1]), key=KEY)


def test_messages_of_integers():
    message = "randint(): low must be below high, which is not included; got low=3 and high=3; exchange or widen them."
    with raises(fg.ArgumentError, message):
        fg.randint(3, 3, (2,), key=KEY)
    message = "randint(): low must be below high, which is not included; got low=0 and high=0; exchange or widen them."
    with raises(fg.ArgumentError, message):
        fg.randint(0, (2,), key=KEY)
    message = "randint(): every value must fit in int32; got 2147483648; choose a wider dtype or other bounds."
    with raises(fg.ConversionError, message):
        fg.randint(0, 2**31 + 1, (2,), key=KEY)
    message = "randint(): every value must fit in uint8; got -1; choose a wider dtype or other bounds."
    with raises(fg.ConversionError, message):
        fg.randint(-1, 5, (2,), key=KEY, dtype="uint8")
    message = "randint(): high must be an integer; got float 2.5; round it first."
    with raises(fg.ArgumentTypeError, message):
        fg.randint(2.5, (2,), key=KEY)
    message = (
        "randint(): the call must be randint(high, size) or randint(low, high, size); "
        "got 1 positional for low, high, size; correct the call."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.randint(5, key=KEY)
    message = (
        "randint_like(): the call must be randint_like(high) or randint_like(low, high); "
        "got 0 positional for low, high; correct the call."
    )
    with raises(fg.ArgumentTypeError, message):
        fg.randint_like(fg.ones(2), key=KEY)
    message = "randint(): high must be an integer; got float32 of shape (); round it first."
    with raises(fg.ArgumentTypeError, message):
        fg.randint(fg.tensor(2.5), (2,), key=KEY)
    message = "randint(): low must be an integer; got bool True; round it first."
    with raises(fg.ArgumentTypeError, message):
        fg.randint(True, 3, (2,), key=KEY)
    message = "randint(): every value must fit in int4; got 8; choose a wider dtype or other bounds."
    with raises(fg.ConversionError, message):
        fg.randint(9, (2,), key=KEY, dtype="int4")
    message = "randperm(): every value must fit in int8; got 199; choose a wider dtype."
    with raises(fg.ConversionError, message):
        fg.randperm(200, key=KEY, dtype="int8")


def test_spellings_of_randint():
    calls = [
        fg.randint(0, 9, (4,), key=KEY),
        fg.randint(9, (4,), key=KEY),
        fg.randint(9, size=(4,), key=KEY),
        fg.randint(high=9, size=[4], key=KEY),
        fg.randint(0, high=9, size=(4,), key=KEY),
        fg.randint(low=0, high=9, size=4, key=KEY),
        fg.randint(fg.tensor(0), fg.tensor(9), (4,), key=KEY),
    ]
    assert all((call == calls[0]).all() for call in calls)
    assert fg.randint(9, (), key=KEY).shape == ()


def test_messages_of_parameters():
    half = fg.tensor([0.5, 0.5])
    with raises(fg.ArgumentError, "normal(): std must be 0 or more; got -1.0; correct std."):
        fg.normal(0.0, -1.0, (2,), key=KEY)
    message = (
        "normal(): the parameters must broadcast to each other and to size=(3,); got mean of shape (2,) and std of "
    )
    with raises(fg.ShapeError, message + "shape (); reshape them."):
        fg.normal(half, 1.0, (3,), key=KEY)
    message = "normal(): the parameters must broadcast to each other; got mean of shape (2,) and std of shape (3,); "
    with raises(fg.ShapeError, message + "reshape them."):
        fg.normal(half, fg.ones(3), key=KEY)
    with raises(fg.ArgumentError, "uniform(): low must not be above high; got low=2 and high=1; exchange them."):
        fg.uniform(2, 1, (2,), key=KEY)
    with raises(fg.ArgumentError, "exponential(): rate must be above 0; got 0; correct rate."):
        fg.exponential(0, (2,), key=KEY)
    with raises(fg.ArgumentError, "gamma(): concentration must be above 0; got -1.0; correct concentration."):
        fg.gamma(-1.0, key=KEY)
    message = "bernoulli(): input must be probabilities in [0, 1]; got 1.5; correct input."
    with raises(fg.ArgumentError, message):
        fg.bernoulli(fg.tensor([0.5, 1.5]), key=KEY)
    with raises(fg.ArgumentError, message.replace("1.5", "nan")):
        fg.bernoulli(fg.tensor([0.5, np.nan]), key=KEY)
    with raises(fg.ArgumentError, "binomial(): count must be 0 or more; got -1.0; correct count."):
        fg.binomial(-1.0, 0.5, key=KEY)
    with raises(fg.ArgumentError, "poisson(): input must be rates of 0 or more; got -2.0; correct input."):
        fg.poisson(fg.tensor([-2.0]), key=KEY)


def test_messages_of_categories():
    message = "multinomial(): input must be finite weights of 0 or more; got -1.0; correct input."
    with raises(fg.ArgumentError, message):
        fg.multinomial(fg.tensor([1.0, -1.0]), 1, key=KEY)
    message = (
        "multinomial(): each row needs num_samples weights above 0; got 1 of them for num_samples=2; "
        "draw fewer, or pass replacement=True."
    )
    with raises(fg.ArgumentError, message):
        fg.multinomial(fg.tensor([1.0, 0.0]), 2, key=KEY)
    message = "multinomial(): each row needs a weight above 0; got 0 of them; correct the weights."
    with raises(fg.ArgumentError, message):
        fg.multinomial(fg.zeros(2, 3), 2, True, key=KEY)
    message = (
        "multinomial(): num_samples must be at most the number of categories without replacement; "
        "got num_samples=3 for 2 categories; draw fewer, or pass replacement=True."
    )
    with raises(fg.ArgumentError, message):
        jax.jit(lambda w: fg.multinomial(w, 3, key=KEY))(fg.ones(2))
    message = (
        "multinomial(): input must be the weights of one row of categories, or of several; got shape (); "
        "reshape it to 1-D or 2-D."
    )
    with raises(fg.ShapeError, message):
        fg.multinomial(fg.tensor(1.0), 1, key=KEY)
    message = "multinomial_counts(): each row of probs needs a weight above 0; got only zeros; correct the weights."
    with raises(fg.ArgumentError, message):
        fg.multinomial_counts(5, fg.zeros(3), key=KEY)
    message = (
        "multinomial_counts(): n must be a number and probs at least 1-D; got n of shape (2,) and probs of shape (3,); "
        "map over several with fg.vmap."
    )
    with raises(fg.ShapeError, message):
        fg.multinomial_counts(fg.ones(2), fg.ones(3), key=KEY)


# The checks can fail


@pytest.mark.parametrize(
    "faulty", [lambda x: 1.02 * x, lambda x: x + 0.02, lambda x: jnp.round(x, 1), lambda x: jnp.where(x > 2, 2, x)]
)
def test_the_check_of_a_continuous_law_finds_a_fault(faulty):
    assert follows(fg.randn(N, key=KEY), stats.norm())
    draws = np.asarray(faulty(fg.randn(N, key=KEY)), np.float64)
    moments = abs(draws.mean()) < 4 / np.sqrt(N) and abs(draws.var() - 1) < 4 * np.sqrt(2 / N)
    assert not (follows(draws, stats.norm()) and moments)


def test_the_check_of_counts_finds_a_loaded_die_and_a_face_that_should_not_be():
    loaded = fg.tensor([1.0, 1.0, 1.0, 1.0, 1.0, 1.05])
    draws = np.bincount(np.asarray(fg.multinomial(loaded, N, True, key=KEY)), minlength=6)
    assert counts_follow(draws, np.asarray(loaded))
    assert not counts_follow(draws, np.ones(6))
    assert not counts_follow([10, 1], [1, 0])
