"""Calls that plain JAX answers silently, wrongly, and that raise here: what is wrong with each, and what is said.

In `VALUES` only the values are wrong, which a compiled program does not know: `fg.checked` says the same of them.
In `STATIC` shapes, dtypes and options tell.
"""

import numpy as np

import funcgrad as fg

KEY = fg.key(0)


def t(data, **options):
    return fg.tensor(data, **options)


# what is wrong: (the call, its operands, the error, the whole message)
VALUES = {
    "integer division by 0": (
        lambda a, b: fg.div(a, b, rounding_mode="floor"),
        (t([1, 2]), t([1, 0])),
        fg.ArgumentError,
        "div(): an integer cannot be divided by 0; got a divisor of 0 at index 1; mask the zeros first, or convert to float.",
    ),
    "remainder by 0": (
        fg.remainder,
        (t([1, 2]), t([1, 0])),
        fg.ArgumentError,
        "remainder(): an integer cannot be divided by 0; got a divisor of 0 at index 1; mask the zeros first, or convert to float.",
    ),
    "an integer to a negative power": (
        fg.pow,
        (t([1, 2]), t([1, -1])),
        fg.ArgumentError,
        "pow(): an integer cannot be raised to a negative integer; got a negative exponent; convert the base to float first.",
    ),
    "a sum that overflows": (
        fg.sum,
        (t([2**31 - 1, 1, 5]),),
        fg.ConversionError,
        "sum(): every result must fit in int32; got 2147483653; pass dtype='float', or run jax.config.update(\"jax_enable_x64\", True) first.",
    ),
    "one of several sums that overflows": (
        lambda x: fg.sum(x, 0),
        (t([[2**31 - 1, 1], [1, 1]]),),
        fg.ConversionError,
        "sum(): every result must fit in int32; got 2147483648; pass dtype='float', or run jax.config.update(\"jax_enable_x64\", True) first.",
    ),
    "a product that overflows": (
        fg.prod,
        (t([2**20, 2**20, 3]),),
        fg.ConversionError,
        "prod(): every result must fit in int32; got 3.298534883e+12; pass dtype='float', or run jax.config.update(\"jax_enable_x64\", True) first.",
    ),
    "a running sum that overflows": (
        lambda x: fg.cumsum(x, 0),
        (t([2**31 - 1, 1, -5]),),
        fg.ConversionError,
        "cumsum(): every result must fit in int32; got 2147483648; pass dtype='float', or run jax.config.update(\"jax_enable_x64\", True) first.",
    ),
    "a running product that overflows": (
        lambda x: fg.cumprod(x, 0),
        (fg.arange(1, 20),),
        fg.ConversionError,
        "cumprod(): every result must fit in int32; got 6227020800; pass dtype='float', or run jax.config.update(\"jax_enable_x64\", True) first.",
    ),
    "a nansum that overflows": (
        fg.nansum,
        (t([2**31 - 1, 1, 5]),),
        fg.ConversionError,
        "nansum(): every result must fit in int32; got 2147483653; pass dtype='float', or run jax.config.update(\"jax_enable_x64\", True) first.",
    ),
    "repeats that miss output_size": (
        lambda x, r: fg.repeat_interleave(x, r, output_size=5),
        (t([1, 2]), t([1, 2])),
        fg.ShapeError,
        "repeat_interleave(): output_size must be the sum of repeats; got 5 where repeats sum to 3; leave it out where repeats are known.",
    ),
    "negative repeats": (
        lambda x, r: fg.repeat_interleave(x, r, output_size=5),
        (t([1, 2]), t([-1, 6])),
        fg.ShapeError,
        "repeat_interleave(): repeats must not be negative; got -1; write 0 to drop a slice.",
    ),
    "more values than unique's size": (
        lambda x: fg.unique(x, size=2),
        (t([1, 2, 3]),),
        fg.ArgumentError,
        "unique(): size must be at least the number of different values; got size=2 for 3 of them; pass size=3 or more.",
    ),
    "more runs than size": (
        lambda x: fg.unique_consecutive(x, size=2),
        (t([1, 2, 3]),),
        fg.ArgumentError,
        "unique_consecutive(): size must be at least the number of different values; got size=2 for 3 of them; pass size=3 or more.",
    ),
    "a number beyond bincount's length": (
        lambda x: fg.bincount(x, length=3),
        (t([1, 2, 3]),),
        fg.IndexRangeError,
        "bincount(): input must be below length=3; got 3; pass length=4 or more.",
    ),
    "a negative number to count": (
        lambda x: fg.bincount(x, length=3),
        (t([1, -2, 1]),),
        fg.IndexRangeError,
        "bincount(): input must be 0 or more; got -2; subtract the smallest number first.",
    ),
    "a fill_value that is too large": (
        lambda v: fg.full((2,), v, dtype="int8"),
        (t(300),),
        fg.ConversionError,
        "full(): every value must fit in int8; got 300; ask for dtype='int32'.",
    ),
    "a fraction to fill integers with": (
        lambda x, v: fg.full_like(x, v),
        (t([1]), t(1.5)),
        fg.ConversionError,
        "full_like(): every value must fit in int32; got 1.5; round it first, or keep a floating dtype.",
    ),
    "NaN to an integer": (
        lambda x: fg.to(x, "int"),
        (t([1.0, np.nan]),),
        fg.ConversionError,
        "to(): every value must fit in int32; got nan at index 1; replace it first, with fg.nan_to_num, or pass lossy=True.",
    ),
    "300 to int8": (
        lambda x: fg.to(x, "int8"),
        (t([1.0, 300.0]),),
        fg.ConversionError,
        "to(): every value must fit in int8; got 300.0 at index 1; ask for dtype='int32', or pass lossy=True.",
    ),
    "-3 to uint8": (
        lambda x: fg.to(x, "uint8"),
        (t([1, -3]),),
        fg.ConversionError,
        "to(): every value must fit in uint8; got -3 at index 1; ask for dtype='int32', or pass lossy=True.",
    ),
    "a million to float16": (
        lambda x: fg.to(x, "half"),
        (t([1.0, 1e6]),),
        fg.ConversionError,
        "to(): every value must fit in float16; got 1000000.0 at index 1; ask for dtype='float32', or pass lossy=True.",
    ),
    "a negative std": (
        lambda s: fg.normal(0.0, s, key=KEY),
        (t([1.0, -0.5]),),
        fg.ArgumentError,
        "normal(): std must be 0 or more; got -0.5; correct std.",
    ),
    "a lower bound above the upper": (
        lambda a, b: fg.uniform(a, b, key=KEY),
        (t([1.0, 2.0]), t([2.0, 1.0])),
        fg.ArgumentError,
        "uniform(): low must not be above high; got low=2.0 and high=1.0; exchange them.",
    ),
    "a rate of 0": (
        lambda a: fg.exponential(a, key=KEY),
        (t([1.0, 0.0]),),
        fg.ArgumentError,
        "exponential(): rate must be above 0; got 0.0; correct rate.",
    ),
    "a concentration of 0": (
        lambda a: fg.gamma(a, key=KEY),
        (t([1.0, 0.0]),),
        fg.ArgumentError,
        "gamma(): concentration must be above 0; got 0.0; correct concentration.",
    ),
    "a probability above 1": (
        lambda a: fg.bernoulli(a, key=KEY),
        (t([1.0, 1.5]),),
        fg.ArgumentError,
        "bernoulli(): input must be probabilities in [0, 1]; got 1.5; correct input.",
    ),
    "a probability above 1 of binomial": (
        lambda a, b: fg.binomial(a, b, key=KEY),
        (t([3.0, 1.5]), t([0.5, 1.25])),
        fg.ArgumentError,
        "binomial(): prob must be probabilities in [0, 1]; got 1.25; correct prob.",
    ),
    "a negative rate": (
        lambda a: fg.poisson(a, key=KEY),
        (t([3.0, -1.5]),),
        fg.ArgumentError,
        "poisson(): input must be rates of 0 or more; got -1.5; correct input.",
    ),
    "more draws than weights": (
        lambda a: fg.multinomial(a, 2, key=KEY),
        (t([1.0, 0.0, 0.0]),),
        fg.ArgumentError,
        "multinomial(): each row needs num_samples weights above 0; got 1 of them for num_samples=2; draw fewer, or pass replacement=True.",
    ),
    "a negative weight": (
        lambda a: fg.multinomial(a, 2, key=KEY),
        (t([1.0, -1.0, 0.0]),),
        fg.ArgumentError,
        "multinomial(): input must be finite weights of 0 or more; got -1.0; correct input.",
    ),
    "only weights of 0": (
        lambda a: fg.multinomial_counts(3, a, key=KEY),
        (t([0.0, 0.0]),),
        fg.ArgumentError,
        "multinomial_counts(): each row of probs needs a weight above 0; got only zeros; correct the weights.",
    ),
    "an infinite range": (
        lambda a: fg.histc(a, 3),
        (t([0.0, np.inf]),),
        fg.ArgumentError,
        "histc(): the range of the bins must be finite; got from 0.0 to inf; pass finite min and max; elements outside, and NaN, are then not counted.",
    ),
    "a range upside down": (
        lambda a, low: fg.histc(a, 3, low, 1.0),
        (t([0.0, 1]), t(2.0)),
        fg.ArgumentError,
        "histc(): min and max must be in ascending order; got 2.0 and 1.0; exchange them.",
    ),
    "edges that descend": (
        lambda a, b: fg.histogram(a, b),
        (t([0.0, 1]), t([2.0, 1.0])),
        fg.ArgumentError,
        "histogram(): edges must be in ascending order; got others; sort them first.",
    ),
    "more selected than size": (
        lambda x, m: fg.masked_select(x, m, size=1),
        (t([1, 2]), t([True, True])),
        fg.ShapeError,
        "masked_select(): at most size=1 elements may be true; got 2; make size larger.",
    ),
    "fewer elements than places": (
        fg.masked_scatter,
        (t([1, 2]), t([True, True]), t([3])),
        fg.ShapeError,
        "masked_scatter(): source must have an element for each of the 2 that mask selects; got 1; give more, or clear parts of the mask.",
    ),
    "more nonzeros than size": (
        lambda x: fg.nonzero(x, size=1),
        (t([1, 2]),),
        fg.ShapeError,
        "nonzero(): at most size=1 elements may be true; got 2; make size larger.",
    ),
    "a quantile above 1": (
        fg.quantile,
        (t([1.0, 2]), t(1.5)),
        fg.ArgumentError,
        "quantile(): q must be in [0, 1]; got 1.5; write the fraction, for example 0.25.",
    ),
    "one of several quantiles above 1": (
        fg.nanquantile,
        (t([1.0, 2]), t([0.5, 1.5])),
        fg.ArgumentError,
        "nanquantile(): q must be in [0, 1]; got 1.5; write the fraction, for example 0.25.",
    ),
    "an empty range of integers": (
        lambda a, b: fg.randint(a, b, (2,), key=KEY),
        (t(3), t(3)),
        fg.ArgumentError,
        "randint(): low must be below high, which is not included; got low=3 and high=3; exchange or widen them.",
    ),
    "integers beyond int8": (
        lambda a, b: fg.randint(a, b, (2,), key=KEY, dtype="int8"),
        (t(3), t(300)),
        fg.ConversionError,
        "randint(): every value must fit in int8; got 299; choose a wider dtype or other bounds.",
    ),
    "narrow past the end": (
        lambda x, s: fg.narrow(x, 0, s, 2),
        (fg.arange(4), t(3)),
        fg.IndexRangeError,
        "narrow(): start and length must stay within dimension 0 of size 4; got start 3 and length 2; correct them; nothing is clamped.",
    ),
    "narrow across the end": (
        lambda x, s: fg.narrow(x, 0, s, 2),
        (fg.arange(4), t(-1)),
        fg.IndexRangeError,
        "narrow(): start and length must stay within dimension 0 of size 4; got start -1 and length 2; correct them; nothing is clamped.",
    ),
    "select past the end": (
        lambda x, s: fg.select(x, 0, s),
        (fg.arange(4), t(4)),
        fg.IndexRangeError,
        "select(): index must be in [-4, 3] along dimension 0 of size 4; got 4; correct the index; nothing is clamped or wrapped.",
    ),
    "a sorter out of range": (
        lambda x, s: fg.searchsorted(x, 1, sorter=s),
        (fg.arange(4), t([0, 1, 2, 4])),
        fg.IndexRangeError,
        "searchsorted(): sorter must be in [0, 3] along dimension -1 of size 4; got 4; correct the index; nothing is clamped or wrapped.",
    ),
    "take out of range": (
        fg.take,
        (fg.arange(4), t([-5])),
        fg.IndexRangeError,
        "take(): index must be in [-4, 3] along dimension 0 of size 4; got -5; correct the index; nothing is clamped or wrapped.",
    ),
    "gather out of range": (
        lambda x, i: fg.gather(x, 0, i),
        (fg.arange(4), t([4])),
        fg.IndexRangeError,
        "gather(): index must be in [0, 3] along dimension 0 of size 4; got 4; correct the index; nothing is clamped or wrapped.",
    ),
    "take_along_dim out of range": (
        lambda x, i: fg.take_along_dim(x, i, 0),
        (fg.arange(4), t([4])),
        fg.IndexRangeError,
        "take_along_dim(): indices must be in [-4, 3] along dimension 0 of size 4; got 4; correct the index; nothing is clamped or wrapped.",
    ),
    "index out of range": (
        lambda x, i: fg.index(x, i),
        (fg.arange(4), t([4])),
        fg.IndexRangeError,
        "index(): index must be in [-4, 3] along dimension 0 of size 4; got 4; correct the index; nothing is clamped or wrapped.",
    ),
    "set out of range": (
        lambda x, i: fg.set(x, i, 3),
        (fg.arange(4), t([4])),
        fg.IndexRangeError,
        "set(): index must be in [-4, 3] along dimension 0 of size 4; got 4; correct the index; nothing is clamped or wrapped.",
    ),
    "a value that does not fit": (
        lambda x, v: fg.set(x, 0, v),
        (t([1], dtype="int8"), t(300)),
        fg.ConversionError,
        "set(): every value must fit in int8; got 300; convert the array first, with fg.to(x, 'int32').",
    ),
    "update out of range": (
        lambda x, i: fg.update(x, i, 3),
        (fg.arange(4), t([4])),
        fg.IndexRangeError,
        "update(): index must be in [-4, 3] along dimension 0 of size 4; got 4; correct the index; nothing is clamped or wrapped.",
    ),
    "index_put out of range": (
        lambda x, i: fg.index_put(x, (i,), t(3)),
        (fg.arange(4), t([4])),
        fg.IndexRangeError,
        "index_put(): index must be in [-4, 3] along dimension 0 of size 4; got 4; correct the index; nothing is clamped or wrapped.",
    ),
    "scatter out of range": (
        lambda x, i: fg.scatter(x, 0, i, value=3),
        (fg.arange(4), t([4])),
        fg.IndexRangeError,
        "scatter(): index must be in [0, 3] along dimension 0 of size 4; got 4; correct the index; nothing is clamped or wrapped.",
    ),
    "scatter_add out of range": (
        lambda x, i: fg.scatter_add(x, 0, i, t([3])),
        (fg.arange(4), t([4])),
        fg.IndexRangeError,
        "scatter_add(): index must be in [0, 3] along dimension 0 of size 4; got 4; correct the index; nothing is clamped or wrapped.",
    ),
    "scatter_reduce out of range": (
        lambda x, i: fg.scatter_reduce(x, 0, i, t([3]), "amax"),
        (fg.arange(4), t([4])),
        fg.IndexRangeError,
        "scatter_reduce(): index must be in [0, 3] along dimension 0 of size 4; got 4; correct the index; nothing is clamped or wrapped.",
    ),
    "index_add out of range": (
        lambda x, i: fg.index_add(x, 0, i, t([3])),
        (fg.arange(4), t([4])),
        fg.IndexRangeError,
        "index_add(): index must be in [0, 3] along dimension 0 of size 4; got 4; correct the index; nothing is clamped or wrapped.",
    ),
    "index_copy out of range": (
        lambda x, i: fg.index_copy(x, 0, i, t([3])),
        (fg.arange(4), t([4])),
        fg.IndexRangeError,
        "index_copy(): index must be in [0, 3] along dimension 0 of size 4; got 4; correct the index; nothing is clamped or wrapped.",
    ),
    "index_fill out of range": (
        lambda x, i: fg.index_fill(x, 0, i, 3),
        (fg.arange(4), t([4])),
        fg.IndexRangeError,
        "index_fill(): index must be in [-4, 3] along dimension 0 of size 4; got 4; correct the index; nothing is clamped or wrapped.",
    ),
    "index_reduce out of range": (
        lambda x, i: fg.index_reduce(x, 0, i, t([3]), "amax"),
        (fg.arange(4), t([4])),
        fg.IndexRangeError,
        "index_reduce(): index must be in [0, 3] along dimension 0 of size 4; got 4; correct the index; nothing is clamped or wrapped.",
    ),
    "put out of range": (
        lambda x, i: fg.put(x, i, t([3])),
        (fg.arange(4), t([4])),
        fg.IndexRangeError,
        "put(): index must be in [-4, 3] along dimension 0 of size 4; got 4; correct the index; nothing is clamped or wrapped.",
    ),
    "a fill that does not fit": (
        lambda x, v: fg.masked_fill(x, t([True]), v),
        (t([1], dtype="int8"), t(300)),
        fg.ConversionError,
        "masked_fill(): every value must fit in int8; got 300; convert the array first, with fg.to(x, 'int32').",
    ),
    "a label out of range": (
        fg.nn.cross_entropy,
        (fg.zeros(2, 3), t([0, 3])),
        fg.IndexRangeError,
        "cross_entropy(): target must be in [0, 2] along dimension 1 of size 3; got 3; correct the index; nothing is clamped or wrapped.",
    ),
    "a negative label": (
        fg.nn.nll_loss,
        (fg.zeros(2, 3), t([0, -3])),
        fg.IndexRangeError,
        "nll_loss(): target must be in [0, 2] along dimension 1 of size 3; got -3; correct the index; nothing is clamped or wrapped.",
    ),
    "embedding out of range": (
        fg.nn.embedding,
        (t([3]), fg.zeros(3, 2)),
        fg.IndexRangeError,
        "embedding(): input must be in [0, 2] along dimension 0 of size 3; got 3; correct the index; nothing is clamped or wrapped.",
    ),
    "one_hot out of range": (
        lambda i: fg.nn.one_hot(i, 3),
        (t([3]),),
        fg.IndexRangeError,
        "one_hot(): index must be in [0, 2] along dimension -1 of size 3; got 3; correct the index; nothing is clamped or wrapped.",
    ),
    "a probability above 1 in a loss": (
        fg.nn.binary_cross_entropy,
        (t([0.5, 1.5]), t([0.0, 1.0])),
        fg.ArgumentError,
        "binary_cross_entropy(): input must be probabilities in [0, 1]; got 1.5; pass them through a sigmoid, or pass logits to fg.nn.binary_cross_entropy_with_logits.",
    ),
    "a singular system": (
        fg.linalg.solve,
        (fg.ones(2, 2), fg.ones(2)),
        fg.LinAlgError,
        "solve(): A must be invertible; got one that is not (shape (2, 2)); use fg.linalg.pinv or lstsq, and see fg.linalg.cond(A).",
    ),
    "one singular system of a stack": (
        fg.linalg.solve,
        (fg.stack([fg.eye(2), fg.ones(2, 2)]), fg.ones(2, 2, 1)),
        fg.LinAlgError,
        "solve(): A must be invertible; got one that is not at index 1 of the stack (shape (2, 2, 2)); use fg.linalg.pinv or lstsq, and see fg.linalg.cond(A).",
    ),
    "a singular matrix": (
        fg.linalg.inv,
        (fg.ones(2, 2),),
        fg.LinAlgError,
        "inv(): A must be invertible; got one that is not (shape (2, 2)); use fg.linalg.pinv or lstsq, and see fg.linalg.cond(A).",
    ),
    "a matrix that is not positive definite": (
        fg.linalg.cholesky,
        (-fg.eye(2),),
        fg.LinAlgError,
        "cholesky(): A must be positive definite; got one that is not (shape (2, 2)); add a small multiple of the identity, or use fg.linalg.eigh.",
    ),
    "NaN to svd": (
        fg.linalg.svd,
        (fg.full((2, 2), np.nan),),
        fg.LinAlgError,
        "svd(): A must hold no NaN; got one that does (shape (2, 2)); replace it, for example with fg.nan_to_num.",
    ),
    "NaN to the svd without a room": (
        fg.svd,
        (fg.full((2, 2), np.nan),),
        fg.LinAlgError,
        "svd(): input must hold no NaN; got one that does (shape (2, 2)); replace it, for example with fg.nan_to_num.",
    ),
    "NaN to svdvals": (
        fg.linalg.svdvals,
        (fg.full((2, 2), np.nan),),
        fg.LinAlgError,
        "svdvals(): A must hold no NaN; got one that does (shape (2, 2)); replace it, for example with fg.nan_to_num.",
    ),
    "NaN to pinv": (
        fg.linalg.pinv,
        (fg.full((2, 2), np.nan),),
        fg.LinAlgError,
        "pinv(): A must hold no NaN; got one that does (shape (2, 2)); replace it, for example with fg.nan_to_num.",
    ),
    "NaN to matrix_rank": (
        fg.linalg.matrix_rank,
        (fg.full((2, 2), np.nan),),
        fg.LinAlgError,
        "matrix_rank(): A must hold no NaN; got one that does (shape (2, 2)); replace it, for example with fg.nan_to_num.",
    ),
    "NaN to cond": (
        fg.linalg.cond,
        (fg.full((2, 2), np.nan),),
        fg.LinAlgError,
        "cond(): A must hold no NaN; got one that does (shape (2, 2)); replace it, for example with fg.nan_to_num.",
    ),
    "NaN to lstsq": (
        fg.linalg.lstsq,
        (
            fg.full((2, 2), np.nan),
            fg.ones(2),
        ),
        fg.LinAlgError,
        "lstsq(): A must hold no NaN; got one that does (shape (2, 2)); replace it, for example with fg.nan_to_num.",
    ),
    "NaN to the nuclear norm": (
        lambda a: fg.norm(a, "nuc"),
        (fg.full((2, 2), np.nan),),
        fg.LinAlgError,
        "norm(): input must hold no NaN; got one that does (shape (2, 2)); replace it, for example with fg.nan_to_num.",
    ),
    "NaN to nuclear_norm": (
        fg.nuclear_norm,
        (fg.full((2, 2), np.nan),),
        fg.LinAlgError,
        "nuclear_norm(): input must hold no NaN; got one that does (shape (2, 2)); replace it, for example with fg.nan_to_num.",
    ),
    "NaN to a norm of singular values": (
        lambda a: fg.linalg.norm(a, 2),
        (fg.full((2, 2), np.nan),),
        fg.LinAlgError,
        "norm(): A must hold no NaN; got one that does (shape (2, 2)); replace it, for example with fg.nan_to_num.",
    ),
    "infinity to eig": (
        fg.linalg.eig,
        (fg.full((2, 2), np.inf),),
        fg.LinAlgError,
        "eig(): A must hold no NaN or infinity; got one that does (shape (2, 2)); replace it, for example with fg.nan_to_num.",
    ),
    "NaN to a matrix norm of a stack": (
        lambda a: fg.linalg.matrix_norm(a, "nuc", (0, 2)),
        (fg.where(fg.arange(12).reshape(2, 3, 2) == 4, np.nan, 1.0),),
        fg.LinAlgError,
        "matrix_norm(): A must hold no NaN; got one that does at index 2 of the stack (shape (2, 3, 2)); replace it, for example with fg.nan_to_num.",
    ),
    "NaN to cholesky": (
        fg.linalg.cholesky,
        (fg.full((2, 2), np.nan),),
        fg.LinAlgError,
        "cholesky(): A must be positive definite; got one that is not (shape (2, 2)); add a small multiple of the identity, or use fg.linalg.eigh.",
    ),
    "a Cholesky factor with 0 on its diagonal": (
        fg.cholesky_inverse,
        (fg.zeros(2, 2),),
        fg.LinAlgError,
        "cholesky_inverse(): L must have no 0 on its diagonal; got one that is not (shape (2, 2)); factor a positive definite matrix.",
    ),
    "a triangle with 0 on its diagonal": (
        lambda a, b: fg.linalg.solve_triangular(a, b, upper=True),
        (fg.zeros(2, 2), fg.ones(2, 1)),
        fg.LinAlgError,
        "solve_triangular(): A must have no 0 on its diagonal; got one that is not (shape (2, 2)); use fg.linalg.pinv or lstsq, and see fg.linalg.cond(A).",
    ),
    "a negative power of a singular matrix": (
        lambda a: fg.linalg.matrix_power(a, -1),
        (fg.ones(2, 2),),
        fg.LinAlgError,
        "matrix_power(): A must be invertible; got one that is not (shape (2, 2)); use fg.linalg.pinv or lstsq, and see fg.linalg.cond(A).",
    ),
    "inv_ex that is to check": (
        lambda a: fg.linalg.inv_ex(a, check_errors=True),
        (fg.ones(2, 2),),
        fg.LinAlgError,
        "inv_ex(): A must be invertible; got one that is not (shape (2, 2)); use fg.linalg.pinv or lstsq, and see fg.linalg.cond(A).",
    ),
    "inverse of a singular matrix": (
        fg.inverse,
        (fg.ones(2, 2),),
        fg.LinAlgError,
        "inv(): A must be invertible; got one that is not (shape (2, 2)); use fg.linalg.pinv or lstsq, and see fg.linalg.cond(A).",
    ),
    "a singular tensor": (
        lambda a: fg.linalg.tensorinv(a, ind=1),
        (fg.ones(2, 2),),
        fg.LinAlgError,
        "tensorinv(): A must be invertible; got one that is not (shape (2, 2)); use fg.linalg.pinv or lstsq, and see fg.linalg.cond(A).",
    ),
    "a singular tensor equation": (
        fg.linalg.tensorsolve,
        (fg.ones(2, 2), fg.ones(2)),
        fg.LinAlgError,
        "tensorsolve(): A must be invertible; got one that is not (shape (2, 2)); use fg.linalg.pinv or lstsq, and see fg.linalg.cond(A).",
    ),
    "integer floor_divide by 0": (
        fg.floor_divide,
        (t([1, 2]), t([0, 1])),
        fg.ArgumentError,
        "floor_divide(): an integer cannot be divided by 0; got a divisor of 0 at index 0; mask the zeros first, or convert to float.",
    ),
    "integer fmod by 0": (
        fg.fmod,
        (t([[1, 2]]), t([[1, 0]])),
        fg.ArgumentError,
        "fmod(): an integer cannot be divided by 0; got a divisor of 0 at index (0, 1); mask the zeros first, or convert to float.",
    ),
    "index_select out of range": (
        lambda x, i: fg.index_select(x, 0, i),
        (fg.arange(4), t([4])),
        fg.IndexRangeError,
        "index_select(): index must be in [0, 3] along dimension 0 of size 4; got 4; correct the index; nothing is clamped or wrapped.",
    ),
    "a sample that no window reaches": (
        lambda x, w: fg.istft(x, 4, 2, window=w, center=False),
        (fg.ones(3, 3, dtype="cfloat"), fg.zeros(4)),
        fg.ArgumentError,
        "istft(): the windows must overlap so that each sample has some weight; got none for sample 0; take the window and the hop_length of stft, with center=True.",
    ),
    "a sign that is none": (
        fg.nn.margin_ranking_loss,
        (t([1.0]), t([2.0]), t([0.0])),
        fg.ArgumentError,
        "margin_ranking_loss(): target must be 1 or -1; got 0.0; write 2 * target - 1 for labels 0 and 1.",
    ),
    "a sign that is none of hinge_embedding_loss": (
        fg.nn.hinge_embedding_loss,
        (t([1.0]), t([2])),
        fg.ArgumentError,
        "hinge_embedding_loss(): target must be 1 or -1; got 2; write 2 * target - 1 for labels 0 and 1.",
    ),
    "a sign that is none of soft_margin_loss": (
        fg.nn.soft_margin_loss,
        (t([1.0]), t([0.0])),
        fg.ArgumentError,
        "soft_margin_loss(): target must be 1 or -1; got 0.0; write 2 * target - 1 for labels 0 and 1.",
    ),
    "a sign that is none of cosine_embedding_loss": (
        fg.nn.cosine_embedding_loss,
        (fg.ones(1, 2), fg.ones(1, 2), t([0.0])),
        fg.ArgumentError,
        "cosine_embedding_loss(): target must be 1 or -1; got 0.0; write 2 * target - 1 for labels 0 and 1.",
    ),
    "a label out of range of multi_margin_loss": (
        fg.nn.multi_margin_loss,
        (fg.zeros(1, 3), t([3])),
        fg.IndexRangeError,
        "multi_margin_loss(): target must be in [0, 2] along dimension 1 of size 3; got 3; correct the index; nothing is clamped or wrapped.",
    ),
    "a label out of range of several": (
        fg.nn.multilabel_margin_loss,
        (fg.zeros(1, 3), t([[1, 3, -1]])),
        fg.IndexRangeError,
        "multilabel_margin_loss(): target must be in [0, 2], or -1 after the last label; got 3; correct the label.",
    ),
    "a negative variance": (
        fg.nn.gaussian_nll_loss,
        (t([1.0]), t([1.0]), t([-2.0])),
        fg.ArgumentError,
        "gaussian_nll_loss(): var must not be negative; got -2; pass the network's output through an exponential or fg.nn.softplus.",
    ),
    "bags that overlap": (
        fg.nn.embedding_bag,
        (t([0, 1, 2]), fg.zeros(3, 2), t([0, 2, 1])),
        fg.ArgumentError,
        "embedding_bag(): offsets must start with 0 and ascend; got 1 after 2; give where each bag starts.",
    ),
    "a word that a bag has not": (
        fg.nn.embedding_bag,
        (t([0, 3]), fg.zeros(3, 2), t([0])),
        fg.IndexRangeError,
        "embedding_bag(): input must be in [0, 2] along dimension 0 of size 3; got 3; correct the index; nothing is clamped or wrapped.",
    ),
    "a label that the alphabet has not": (
        fg.nn.ctc_loss,
        (fg.zeros(4, 1, 3), t([[1, 3]]), t([4]), t([2])),
        fg.IndexRangeError,
        "ctc_loss(): targets must be in [0, 2] along dimension 2 of size 3; got 3; correct the index; nothing is clamped or wrapped.",
    ),
    "a recording longer than its frames": (
        fg.nn.ctc_loss,
        (fg.zeros(4, 1, 3), t([[1, 2]]), t([5]), t([2])),
        fg.ArgumentError,
        "ctc_loss(): input_lengths must be in [0, 4]; got 5; correct the length.",
    ),
    "a degree that is a fraction": (
        fg.special.chebyshev_polynomial_t,
        (t([1.0]), t([1.5])),
        fg.ArgumentError,
        "chebyshev_polynomial_t(): n must be whole; got a fraction or NaN; pass ints.",
    ),
    "a negative count of observations": (
        lambda x, w: fg.cov(x, fweights=w),
        (fg.ones(2, 3), t([1, -1, 2])),
        fg.ArgumentError,
        "cov(): fweights must not be negative; got -1; pass counts or importances.",
    ),
    "segments longer than the data": (
        lambda x, n: fg.segment_reduce(x, "sum", lengths=n),
        (fg.ones(3), t([1, 3])),
        fg.ShapeError,
        "segment_reduce(): lengths must sum to 3, the size of axis 0; got 4; correct them.",
    ),
    "a pivot that is no row": (
        lambda p: fg.lu_solve(fg.ones(2, 1), fg.eye(2), p),
        (t([1, 3]),),
        fg.ArgumentError,
        "lu_solve(): pivots must number rows from 1 to 2; got 3 at index 1; pass what lu_factor returned.",
    ),
    "a pivot that unpacks to no row": (
        lambda p: fg.lu_unpack(fg.eye(2), p),
        (t([0, 2]),),
        fg.ArgumentError,
        "lu_unpack(): LU_pivots must number rows from 1 to 2; got 0 at index 0; pass what lu_factor returned.",
    ),
    "a block that is no row": (
        lambda p: fg.linalg.ldl_solve(fg.eye(2), p, fg.ones(2, 1)),
        (t([-1, -3]),),
        fg.ArgumentError,
        "ldl_solve(): pivots must number rows from 1 to 2; got -3 at index 1; pass what ldl_factor returned.",
    ),
    "a place that the shape has not": (
        lambda i: fg.unravel_index(i, (2, 3)),
        (t([6]),),
        fg.IndexRangeError,
        "unravel_index(): indices must be in [-6, 5] along dimension 0 of size 6; got 6; correct the index; nothing is clamped or wrapped.",
    ),
}

ROW = fg.arange(6.0)
TABLE = fg.reshape(ROW, 2, 3)

# what is wrong: (the call, the error, the whole message)
STATIC = {
    "dot of matrices": (
        lambda: fg.dot(TABLE, TABLE),
        fg.ShapeError,
        "dot(): both operands must have 1 dimension; got (2, 3) and (2, 3); use fg.matmul for matrices, or fg.sum(x * y).",
    ),
    "an integer cut to 32 bits": (
        lambda: fg.from_numpy(np.array([2**40])),
        fg.ConversionError,
        "from_numpy(): every value must fit in int32; got 1099511627776 at index 0; ask for dtype='int64' after jax.config.update(\"jax_enable_x64\", True), or pass lossy=True.",
    ),
    "a length of at least NaN": (
        lambda: fg.cosine_similarity(ROW, ROW, 0, float("nan")),
        fg.ArgumentError,
        "cosine_similarity(): eps must not be negative; got nan; leave it out.",
    ),
    "an order that is no number": (
        lambda: fg.cdist(TABLE, TABLE, float("nan")),
        fg.ArgumentError,
        "cdist(): p must not be negative; got nan; write p=2 for the length.",
    ),
    "the norm of a number in an order of vectors": (
        lambda: fg.linalg.norm(fg.tensor(1.0), 3),
        fg.ShapeError,
        "norm(): ord=3 needs one or two dimensions; got 0 of shape (); name them with dim=, or leave ord out.",
    ),
    "a loss that would broadcast": (
        lambda: fg.nn.mse_loss(fg.ones(3), fg.ones(3, 1)),
        fg.ShapeError,
        "mse_loss(): input and target must have the same shape; got input of shape (3,) and target of shape (3, 1); reshape one of them; nothing is broadcast here.",
    ),
    "the mean of integers": (
        lambda: fg.mean(fg.arange(3)),
        fg.DtypeError,
        "mean(): a mean must be floating point or complex; got int32 of shape (3,); convert it with fg.to(x, 'float'), or pass dtype='float'.",
    ),
    "an integer gradient": (
        lambda: fg.grad(lambda x: x * x)(3),
        fg.DtypeError,
        "grad(): argument 'x' must have a floating leaf to differentiate; got int 3; write 3.0 instead of 3, or convert it with fg.to(x, 'float').",
    ),
    "a double without 64-bit mode": (
        lambda: fg.zeros(2, dtype=fg.float64),
        fg.DtypeError,
        "zeros(): dtype float64 needs 64-bit mode; jax_enable_x64 is off; run jax.config.update(\"jax_enable_x64\", True) first, or ask for dtype='float32'.",
    ),
    "a step of 0": (
        lambda: fg.arange(0, 3, 0),
        fg.ArgumentError,
        "arange(): step must not be 0; got start=0, end=3; give a step.",
    ),
    "the largest of nothing": (
        lambda: fg.max(fg.zeros(0)),
        fg.EmptyError,
        "max(): there must be an element to choose; got float32 of shape (0,); handle the empty case before the call.",
    ),
    "a list as an operand": (
        lambda: fg.sin([1.0]),
        fg.ArgumentTypeError,
        "sin(): input must be an array or a number; got a list; wrap it in fg.tensor(...).",
    ),
    "integers divided in place of floats": (
        lambda: fg.linalg.inv(fg.ones(2, 2, dtype="int")),
        fg.DtypeError,
        "inv(): A must be floating point or complex; got int32 of shape (2, 2); convert it with fg.to(x, 'float').",
    ),
    "an index of floats": (
        lambda: fg.index_select(ROW, 0, fg.tensor([1.0])),
        fg.DtypeError,
        "index_select(): index must have an integer dtype; got float32 of shape (1,); convert it with fg.to(x, 'int').",
    ),
    "a mask as an index": (
        lambda: fg.gather(ROW, 0, ROW > 1),
        fg.DtypeError,
        "gather(): index must have an integer dtype; got bool of shape (6,); use fg.masked_select, fg.masked_fill or fg.where for a mask.",
    ),
    "labels of floats": (
        lambda: fg.nn.cross_entropy(TABLE, fg.ones(2)),
        fg.DtypeError,
        "cross_entropy(): labels must have an integer dtype; got float32 of shape (2,); convert them with fg.to(target, 'long').",
    ),
    "a dimension that is none": (
        lambda: fg.sum(TABLE, dim=2),
        fg.DimError,
        "sum(): dim must be in [-2, 1] for 2 dimensions; got 2; check the shape of the input.",
    ),
    "a dimension named twice": (
        lambda: fg.sum(TABLE, dim=(0, 0)),
        fg.DimError,
        "sum(): each dim may be named once; got (0, 0); drop the repeated one.",
    ),
    "the largest of complex numbers": (
        lambda: fg.max(fg.zeros(2, dtype="cfloat")),
        fg.DtypeError,
        "max(): input must be real, because complex numbers have no order; got complex64 of shape (2,); compare abs or the real part.",
    ),
    "a fraction written into integers": (
        lambda: fg.set(fg.arange(3), 0, 1.5),
        fg.DtypeError,
        "set(): value must fit in int32, the dtype of the array; got float 1.5; convert the array first, with fg.to(x, 'float32').",
    ),
    "an index past a list of dimensions": (
        lambda: fg.index(ROW, (0, 0)),
        fg.DimError,
        "index(): there may be as many indices as the 1 dimension and one ...; got 2; drop some.",
    ),
    "an integer too large for its array": (
        lambda: fg.add(fg.tensor([1], dtype="int8"), 300),
        fg.ConversionError,
        "add(): a Python int must fit the array's int8; got 300; convert the array first, for example with fg.to(x, 'int32').",
    ),
    "a random number without a key": (
        lambda: fg.rand(2),
        fg.ArgumentTypeError,
        "rand(): key= is required, because no generator is kept here; got none; pass key=fg.key(0), and a new one from fg.keys each time.",
    ),
    "a seed in place of a key": (
        lambda: fg.rand(2, key=0),
        fg.ArgumentTypeError,
        "rand(): key must be a key; got int32 of shape (); pass key=fg.key(0).",
    ),
    "sizes that do not broadcast": (
        lambda: fg.add(fg.ones(2), fg.ones(3)),
        fg.ShapeError,
        "add(): shapes must agree or be 1 in each dimension, counted from the end; got (2,) and (3,), which differ in dimension 0 (2 and 3); reshape one of them, for example with fg.unsqueeze.",
    ),
    "a view of another size": (
        lambda: fg.reshape(ROW, 4),
        fg.ShapeError,
        "reshape(): the new shape must have 6 elements; got (4,) for an array of shape (6,); use -1 for one size to have it inferred.",
    ),
    "a Python integer out of range": (
        lambda: fg.index(TABLE, 5),
        fg.IndexRangeError,
        "index(): index must be in [-2, 1] along dimension 0 of size 2; got 5; correct the index; nothing is clamped or wrapped.",
    ),
    "a write out of range": (
        lambda: fg.set(TABLE, 5, 0.0),
        fg.IndexRangeError,
        "set(): index must be in [-2, 1] along dimension 0 of size 2; got 5; correct the index; nothing is clamped or wrapped.",
    ),
    "a key used as a number": (
        lambda: fg.sin(KEY),
        fg.ArgumentTypeError,
        "sin(): operands must be numbers; got a random key; draw numbers with it, for example fg.rand(2, key=key).",
    ),
}
