"""The room ``special``: its digits in float64, its derivatives, and its messages."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from harness import check_grad, raises
from scipy.special import gammainc, gammaincc, gammaln

import funcgrad as fg
from funcgrad.testing import assert_close

S = fg.special
POLYNOMIALS = [name for name in S.__all__ if "_polynomial_" in name]

# fmt: off
# Computed with 40 digits by mpmath, on each side of where a formula changes: the points and the values there;
# the points, the first and the second derivatives; and polygamma at [-20.75, -3.5, -0.25, 0.25, 3].
EXACT = {
    "airy_ai": (
        [-30.25, -4.5, -2.25, 0.5, 1.5, 20.0],
        [-0.23690042849155973, 0.2921527810559595, 0.06159865877700528, 0.23169360648083348, 0.07174949700810541,
            1.6916728686705404e-27],
    ),
    "bessel_j0": (
        [-0.25, 2.5, 4.75, 5.25, 30.0],
        [0.9844359292958527, -0.048383776468198, -0.25512082749137394, -0.09308098963931788, -0.08636798358104021],
    ),
    "bessel_j1": (
        [-0.25, 3.75, 4.75, 5.25, 30.0],
        [-0.12402597732272692, 0.03322934912967973, -0.2891867986471104, -0.34501397857943766, -0.11875106261662294],
    ),
    "bessel_y0": (
        [0.25, 3.5, 4.75, 5.25, 30.0],
        [-0.9315730249300587, 0.1890219439208265, -0.2612325032349756, -0.33477723515498115, -0.11729573168666403],
    ),
    "bessel_y1": (
        [0.25, 3.5, 4.75, 5.25, 30.0],
        [-2.7041052293152825, 0.41018841788751187, 0.22922559673872217, 0.061861000898943724, 0.08442557066174723],
    ),
    "i1": (
        [-20.0, 0.25, 3.0],
        [-42454973.38512777, 0.12597910894546793, 3.9533702174026093],
    ),
    "i1e": (
        [-20.0, 0.25, 3.0, 300.0],
        [-0.08750622218328867, 0.09811262869736824, 0.19682671329730086, 0.02300412204026895],
    ),
    "i0e": (
        [-20.0, 0.25, 3.0, 300.0],
        [0.08978031188482602, 0.7910171621397194, 0.2430003541618254, 0.02304255841508546],
    ),
    "modified_bessel_k0": (
        [0.001, 0.75, 1.25, 30.0],
        [7.023688800562382, 0.6105824221164641, 0.29760308908410593, 2.1324774964630563e-14],
    ),
    "modified_bessel_k1": (
        [0.001, 0.75, 1.25, 30.0],
        [999.9962381560856, 0.9495804669621403, 0.4021240797841954, 2.1677320018915495e-14],
    ),
    "scaled_modified_bessel_k0": (
        [0.001, 0.75, 1.25, 300.0],
        [7.030716002378251, 1.2926029977639617, 1.0387368461035982, 0.0723300317396073],
    ),
    "scaled_modified_bessel_k1": (
        [0.001, 0.75, 1.25, 300.0],
        [1000.9967345590684, 2.010261864333922, 1.40355094990059, 0.07245048166725841],
    ),
    "erfcx": (
        [-5.0, 0.75, 1.25, 2.5, 40.0],
        [144009798674.66104, 0.5069376502931449, 0.3678229164523611, 0.2108063640611436, 0.014100335983377814],
    ),
    "ndtr": (
        [-12.5, -2.25, 0.25, 3.0],
        [3.732564298877713e-36, 0.012224472655044703, 0.5987063256829237, 0.9986501019683699],
    ),
    "log_ndtr": (
        [-30.0, -1.25, -0.25, 0.75, 6.0],
        [-454.3212439563432, -2.247625677214318, -0.9130617648111351, -0.25699426683836524, -9.865876455243758e-10],
    ),
    "entr": (
        [0.25, 3.0],
        [0.34657359027997264, -3.295836866004329],
    ),
    "spherical_bessel_j0": (
        [0.001, 2.0, 30.0],
        [0.9999998333333416, 0.45464871341284085, -0.03293438746976206],
    ),
}
SLOPES = {
    "airy_ai": (
        [-30.25, -2.25, 1.5, 20.0],
        [-0.23219733237268927, 0.6950162067015286, -0.09738201284230132, -7.586391625748354e-27],
        [7.166237961869681, -0.13859698224826186, 0.10762424551215811, 3.3833457373410804e-26],
    ),
    "bessel_j0": (
        [-0.25, 4.75, 5.25, 30.0],
        [0.12402597732272692, 0.2891867986471104, 0.34501397857943766, 0.11875106261662294],
        [-0.488332020004945, 0.1942393961972454, 0.0273640413384726, 0.08240961482715278],
    ),
    "bessel_j1": (
        [0.001, 3.75, 5.25],
        [0.499999812500013, -0.41026721470408894, -0.0273640413384726],
        [-0.000374999947916669, 0.07853821739618788, 0.3377086629675572],
    ),
    "bessel_y0": (
        [0.25, 4.75, 5.25],
        [2.7041052293152825, -0.22922559673872217, -0.061861000898943724],
        [-9.884847892331072, 0.30949052360102236, 0.34656028294525615],
    ),
    "bessel_y1": (
        [0.25, 4.75, 5.25],
        [9.884847892331072, -0.30949052360102236, -0.34656028294525615],
        [-80.10097000905353, -0.15391011379828656, 0.006394871622109819],
    ),
    "i0e": (
        [0.25, -3.0, 300.0],
        [-0.6929045334423511, 0.046173640864524544, -3.843637481651089e-05],
        [0.9933585520952293, 0.026738377296615472, 1.9234283212528122e-07],
    ),
    "i1": (
        [0.001, 3.0, -20.0],
        [0.5000001875000131, 3.5630025133974876, 41435533.890297145],
        [0.00037500005208333564, 3.204966070425959, -40489334.12407573],
    ),
    "i1e": (
        [0.001, -20.0, 300.0],
        [0.49900093691694, -0.002101221407627077, -3.824403198438561e-05],
        [-0.9981267489067654, -0.0001509583319292963, 1.907386304923258e-07],
    ),
    "modified_bessel_k0": (
        [0.001, 0.75, 1.25],
        [-999.9962381560856, -0.9495804669621403, -0.4021240797841954],
        [1000003.2618448861, 1.8766897113993177, 0.6193023529114623],
    ),
    "modified_bessel_k1": (
        [0.001, 0.75, 1.25],
        [-1000003.2618448861, -1.8766897113993177, -0.6193023529114623],
        [2000000499.9972098, 5.139976467871702, 1.1549253731752502],
    ),
    "scaled_modified_bessel_k0": (
        [0.001, 0.75, 1.25, 300.0],
        [-993.9660185566902, -0.7176588665699606, -0.364814103796992, -0.00012044992765110767],
        [999008.802521955, 1.2450314193053085, 0.3932125523264881, 6.017502553126688e-07],
    ),
    "scaled_modified_bessel_k1": (
        [0.001, 0.75, 1.25, 300.0],
        [-1000002.7685405117, -1.962690285875269, -0.7580266561234801, -0.00012105167790642035],
        [2000000494.297058, 4.94568783178869, 1.1114813805086736, 6.06760689567159e-07],
    ),
    "erfcx": (
        [-3.0, 1.5, 2.5, 40.0],
        [-97237.06150316462, -0.16362291773256007, -0.07434734678979467, -0.0003522884252874839],
        [615834.3467269868, 0.1523020797109548, 0.04987599417331381, 1.75979437569139e-05],
    ),
    "log_ndtr": (
        [-30.0, -0.25, 6.0],
        [30.033259667433676, 0.9635539794164039, 6.075882855817676e-09],
        [-0.9988962284881099, -0.6875477763950868, -3.645529717182241e-08],
    ),
    "spherical_bessel_j0": (
        [0.001, 2.0, 30.0],
        [-0.0003333333000000012, -0.4353977749799916, 0.006239527911911537],
        [-0.3333332333333393, -0.01925093843284923, 0.03251841894230129],
    ),
}
POLYGAMMA = {
    1: [19.6921586563725, 9.620879298050347, 18.541879647671607, 17.19732915450711, 0.39493406684822646],
    2: [-124.02732002961224, -0.061556821321027695, 122.69736678366236, -129.32773993753693, -0.15411380631918858],
    3: [1558.5452483477538, 194.7878595594625, 1555.7633125348507, 1538.7821440091884, 0.11893940226682916],
}
# (a, x): the lower and the upper incomplete gamma function
INCOMPLETE = {
    (0.5, 0.25): (0.5204998778130465, 0.4795001221869535),
    (3.0, 2.0): (0.32332358381693654, 0.6766764161830635),
    (20.0, 17.5): (0.30546576566618533, 0.6945342343338147),
    (100.0, 88.0): (0.11161555933381442, 0.8883844406661856),
    (100.0, 130.0): (0.9972495916326934, 0.002750408367306526),
    (0.125, 0.875): (0.9622843376771727, 0.03771566232282732),
}
# fmt: on


def test_the_room_is_torchs():
    """The names of torch.special 2.13."""
    assert len(S.__all__) == 56
    same = {
        "psi": "digamma",
        "gammaln": "lgamma",
        "gammainc": "igamma",
        "gammaincc": "igammac",
        "multigammaln": "mvlgamma",
    }
    same |= {"modified_bessel_i0": "i0", "expit": "sigmoid"}
    flat = [name for name in S.__all__ if name in fg.__all__]
    assert len(flat) == 17
    for name in [*flat, *same]:
        assert getattr(S, name) is getattr(fg, same.get(name, name)), name


@pytest.mark.parametrize("word", EXACT)
def test_digits(word):
    points, expected = EXACT[word]
    # float32: the phase of a wave is known to a rounding of the number of radians.
    slack = 40 if word == "airy_ai" else 3
    narrow = getattr(S, word)(fg.tensor(points))
    assert_close(
        narrow, np.asarray(expected, np.float32), rtol=slack * 2e-6, atol=slack * 1e-7 * (word[:6] == "bessel")
    )
    with jax.enable_x64(True):
        wide = getattr(S, word)(fg.tensor(points, dtype="float64"))
        assert wide.dtype == jnp.float64
        assert_close(wide, np.asarray(expected), rtol=slack * 1e-14, atol=0.0)


@pytest.mark.parametrize("word", SLOPES)
def test_derivatives(word):
    points, first, second = SLOPES[word]

    def slope(x):
        return jax.grad(lambda x: getattr(S, word)(x).sum())(x)

    def curvature(x):
        return jax.grad(lambda x: slope(x).sum())(x)

    with jax.enable_x64(True):
        x = fg.tensor(points, dtype="float64")
        assert_close(slope(x), np.asarray(first), rtol=1e-12, atol=0.0)
        assert_close(curvature(x), np.asarray(second), rtol=1e-11, atol=0.0)
        assert_close(jax.jvp(slope, [x], [jnp.ones_like(x)])[1], np.asarray(second), rtol=1e-11, atol=0.0)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_polygamma_and_its_derivative_also_below_0(order):
    points = [-20.75, -3.5, -0.25, 0.25, 3.0]
    with jax.enable_x64(True):
        x = fg.tensor(points, dtype="float64")
        # Below 0 the terms of even orders cancel: what is left has fewer digits the farther it is.
        assert_close(fg.polygamma(order, x), np.asarray(POLYGAMMA[order]), rtol=1e-13, atol=1e-12)
        if order < 3:
            slope = jax.grad(lambda x: fg.polygamma(order, x).sum())(x)
            assert_close(slope, np.asarray(POLYGAMMA[order + 1]), rtol=1e-13, atol=1e-11)


def test_zeta_by_its_order():
    """Torch has no such derivative; mpmath gives these."""
    expected = np.asarray([-15.577967378899151, 0.4503133332128091, 2.866862870843672])
    with jax.enable_x64(True):
        s = fg.tensor([1.25, 3.0, 8.0], dtype="float64")
        assert_close(jax.grad(lambda s: S.zeta(s, 0.75).sum())(s), expected, rtol=1e-12, atol=0.0)


def test_the_ends_of_the_zeta_function():
    """As SciPy has them: torch gives NaN at infinity."""
    assert_close(S.zeta(fg.tensor([np.inf, np.inf, 3.0]), fg.tensor([2.0, 1.0, np.inf])), np.float32([0, 1, 0]))
    assert_close(fg.polygamma(2, fg.tensor([np.inf, -np.inf])), np.float32([0, np.nan]))
    assert_close(S.airy_ai(fg.tensor([np.inf, -np.inf])), np.float32([0, np.nan]))
    assert_close(S.log_ndtr(fg.tensor([-1e30])), np.float32([-np.inf]))


@pytest.mark.parametrize(("a", "x"), INCOMPLETE)
def test_incomplete_gamma_functions(a, x):
    with jax.enable_x64(True):
        wide = [fg.tensor(v, dtype="float64") for v in (a, x)]
        found = S.gammainc(*wide), S.gammaincc(*wide)
        assert_close(found, tuple(map(np.asarray, INCOMPLETE[a, x])), rtol=5e-14, atol=0.0)
    found = S.gammainc(fg.tensor(a), fg.tensor(x)), S.gammaincc(fg.tensor(a), fg.tensor(x))
    # For a small a XLA has, in jax 0.10, 1 - P for Q, which is inexact where Q is small.
    rtol = 5e-5 if a == 0.125 else 4e-6
    assert_close(found, tuple(map(np.float32, INCOMPLETE[a, x])), rtol=rtol, atol=0.0)


# By quadrature in 30 digits; where P is small SciPy is off by a tenth of it at such an a.
FAR = [(18247218.0, 18224652.0, 6.29193918657895e-8), (1e6, 998000.0, 0.0226961140067368028)]


def test_incomplete_gamma_functions_of_large_numbers():
    rng = np.random.default_rng(0)
    a = np.exp(rng.uniform(np.log(4), np.log(1e4), 4000)).astype(np.float32)
    x = np.maximum(a + np.sqrt(a) * rng.uniform(-5, 5, a.shape), 0.01).astype(np.float32)
    lower, upper = (f(a.astype(np.float64), x.astype(np.float64)) for f in (gammainc, gammaincc))
    rounded = lower.astype(np.float32), upper.astype(np.float32)
    assert_close((S.gammainc(a, x), S.gammaincc(a, x)), rounded, rtol=0.0, atol=2e-7)
    density = np.exp(-x + (a - 1.0) * np.log(x.astype(np.float64)) - gammaln(a.astype(np.float64)))
    slope = jax.grad(lambda x: S.gammainc(jnp.asarray(a), x).sum())(jnp.asarray(x))
    assert_close(slope, density.astype(np.float32), rtol=2e-5, atol=1e-9)
    with jax.enable_x64(True):
        wide = [jnp.asarray(v.astype(np.float64)) for v in (a, x)]
        assert_close((S.gammainc(*wide), S.gammaincc(*wide)), (lower, upper), rtol=0.0, atol=1e-13)
        for a, x, exact in FAR:
            assert_close(S.gammainc(a, x), np.float64(exact), rtol=1e-10, atol=0.0)
    for a, x, exact in FAR:
        assert_close(S.gammainc(a, x), np.float32(exact), rtol=2e-5, atol=0.0)


def test_lgamma_is_0_at_1_and_2():
    assert_close(fg.lgamma(fg.tensor([1.0, 2.0])), np.float32([0, 0]), rtol=0.0, atol=0.0)
    assert_close(fg.lgamma(fg.tensor([1.0, 2.0], dtype="half")), np.float16([0, 0]), rtol=0.0, atol=0.0)
    assert_close(fg.lgamma(fg.tensor([1.0001, 1.9999])), np.float32([-5.7723e-5, -4.2271e-5]), rtol=0.0, atol=1e-6)


def test_the_incomplete_gamma_functions_have_both_derivatives():
    check_grad(S.gammainc, np.array([0.5, 3.0, 20.0]), np.array([0.25, 2.0, 17.5]), rtol=1e-6)
    check_grad(S.gammaincc, np.array([0.5, 3.0, 20.0]), np.array([0.25, 2.0, 17.5]), rtol=1e-6)


@pytest.mark.parametrize("word", POLYNOMIALS)
def test_polynomials_have_every_derivative(word):
    n = fg.tensor([3, 0, 1, 2, 8, -1])
    x = np.array([0.3, -0.4, 0.9, 1.3, 0.7, 0.2])

    def slope(x):
        return jax.grad(lambda x: getattr(S, word)(x, n).sum())(x)

    check_grad(slope, x, rtol=1e-6)
    assert_close(jax.grad(lambda n: getattr(S, word)(1.5, n))(fg.tensor(3.0)), np.float32(0))


def test_polynomials_of_high_degree_are_waves():
    t = fg.linspace(0.1, 3.0, 7)
    assert_close(S.chebyshev_polynomial_t(fg.cos(t), 200), fg.cos(200 * t), rtol=0.0, atol=1e-3)  # 200 roundings of t
    with jax.enable_x64(True):
        t = fg.linspace(0.1, 3.0, 7, dtype="float64")
        assert_close(S.chebyshev_polynomial_u(fg.cos(t), 200), fg.sin(201 * t) / fg.sin(t), rtol=0.0, atol=1e-10)


def test_a_degree_is_whole():
    with raises(fg.ArgumentError, "legendre_polynomial_p(): n must be whole; got a fraction or NaN; pass ints."):
        S.legendre_polynomial_p(0.5, fg.tensor([1.0, 2.5]))
    assert_close(S.legendre_polynomial_p(0.5, fg.tensor([1.0, 2.0])), np.float32([0.5, -0.125]))


def test_orders_are_counted_from_0_or_1():
    with raises(fg.ArgumentError, "polygamma(): n must be at least 0; got -1; correct it."):
        fg.polygamma(-1, fg.ones(2))
    with raises(fg.ArgumentError, "multigammaln(): p must be at least 1; got 0; correct it."):
        fg.mvlgamma(fg.ones(2), 0)


@pytest.mark.parametrize("word", [name for name in S.__all__ if name not in fg.__all__ and "polynomial" not in name])
def test_words_of_real_numbers(word):
    function, z = getattr(S, word), fg.tensor([1j])
    two = word in ("xlog1py", "zeta", "gammainc", "gammaincc")
    name = {"psi": "digamma", "gammaln": "lgamma", "modified_bessel_i0": "i0", "modified_bessel_i1": "i1"}.get(
        word, word
    )
    with raises(
        fg.DtypeError,
        f"{name}(): operands must be real, this is not defined for complex numbers; got complex64 of shape (1,); "
        "take fg.real, fg.imag or fg.abs first.",
    ):
        function(z, 2) if two or word == "multigammaln" else function(z)


@pytest.mark.parametrize("dtype", ["half", "bfloat16"])
@pytest.mark.parametrize("word", ["airy_ai", "bessel_j0", "modified_bessel_k1", "erfcx", "log_ndtr", "gammaincc"])
def test_narrow_floats_are_rounded_once(word, dtype):
    x = fg.tensor([0.25, 1.5, 6.0], dtype=dtype)
    more = (x,) if word == "gammaincc" else ()
    wide = getattr(S, word)(x.astype("float32"), *[m.astype("float32") for m in more])
    narrow = getattr(S, word)(x, *more)
    assert narrow.dtype == x.dtype
    assert_close(narrow, wide.astype(x.dtype))
