"""Statistics, segments, strides: messages and edges."""

import jax
import jax.numpy as jnp
import pytest
from harness import raises

import funcgrad as fg
from funcgrad.testing import assert_close

x = fg.tensor([[1.0, 4.0, 2.0], [8.0, 5.0, 7.0]])
v = fg.tensor([1.0, 4.0, 2.0, 8.0])
counts = fg.tensor([1, 2, 3])

MESSAGES = [
    (
        lambda: fg.cov(x[None]),
        "cov(): input must have 0, 1 or 2 dimensions; got shape (1, 2, 3); reshape it with fg.reshape.",
    ),
    (
        lambda: fg.corrcoef(x > 1),
        "corrcoef(): input must be a number; got bool of shape (2, 3); convert it with fg.to(x, 'float').",
    ),
    (
        lambda: fg.cov(x, fweights=x[0]),
        "cov(): fweights must be integers; got float32 of shape (3,); convert them, or pass aweights=.",
    ),
    (
        lambda: fg.cov(x, aweights=counts),
        "cov(): aweights must be floating point; got int32 of shape (3,); convert them, or pass fweights=.",
    ),
    (
        lambda: fg.cov(x, fweights=counts[:2]),
        "cov(): fweights must have shape (3,); got shape (2,); pass one for each observation.",
    ),
    (lambda: fg.cov(x, fweights=-counts), "cov(): fweights must not be negative; got -1; pass counts or importances."),
    (
        lambda: fg.cov(x, fweights=0 * counts),
        "cov(): the weights must not sum to 0; got only zeros; give an observation some weight.",
    ),
    (lambda: fg.cov(x, correction=1.5), "cov(): correction must be an int; got float 1.5; write for example 1."),
    (
        lambda: fg.histogramdd(v, 2),
        "histogramdd(): input must have at least 2 dimensions; got shape (4,); put a point in each row.",
    ),
    (
        lambda: fg.histogramdd(x, [2]),
        "histogramdd(): bins must be an int, or one for each dimension; got 1 for points "
        "in 3 dimensions; correct bins.",
    ),
    (
        lambda: fg.histogramdd(x, [2, 0, 2]),
        "histogramdd(): bins must be an int of 1 or more; got 0; say how many bins there are.",
    ),
    (
        lambda: fg.histogramdd(x, 2, range=[0, 1]),
        "histogramdd(): range must have 6 numbers, two for each dimension; got 2; say where each begins and ends.",
    ),
    (
        lambda: fg.histogramdd(x, 2, weight=v),
        "histogramdd(): weight must have the shape of input without the last "
        "dimension; got (4,) for input of shape (2, 3); pass one weight for each point.",
    ),
    (lambda: fg.gradient(v, edge_order=3), "gradient(): edge_order must be 1 or 2; got 3; 2 is exact for parabolas."),
    (
        lambda: fg.gradient(x, spacing=[1.0]),
        "gradient(): spacing must be a number, or one for each dimension; got 1 for 2 dimensions; see dim=.",
    ),
    (
        lambda: fg.gradient(v, spacing=v),
        "gradient(): places must be in a list, one array for each of dim; got float32 of shape (4,); write [places].",
    ),
    (
        lambda: fg.gradient(v, spacing=[v[:3]]),
        "gradient(): places must have shape (4,) along dim 0; got shape (3,); pass one for each sample.",
    ),
    (
        lambda: fg.gradient(v > 2),
        "gradient(): input must be a number; got bool of shape (4,); convert it with fg.to(x, 'float').",
    ),
    (
        lambda: fg.gradient(v[:2], edge_order=2),
        "gradient(): there must be at least 3 samples along dim 0; got shape (2,); name other dimensions in dim=.",
    ),
    (
        lambda: fg.gradient(x, dim=(0, -2)),
        "gradient(): each dim may be named once; got (0, -2); drop the repeated one.",
    ),
    (
        lambda: fg.renorm(v, 2, 0, 1.0),
        "renorm(): input must have at least 2 dimensions; got shape (4,); add one with fg.unsqueeze.",
    ),
    (lambda: fg.renorm(x, 0, 0, 1.0), "renorm(): p must be above 0; got 0; 2 is the usual norm."),
    (lambda: fg.renorm(x, 2, 0, -1.0), "renorm(): maxnorm must be at least 0; got -1.0; correct it."),
    (lambda: fg.renorm(x, "fro", 0, 1.0), "renorm(): p must be a number; got str 'fro'; 2 is the usual norm."),
    (
        lambda: fg.norm_except_dim(x, 2, 2),
        "norm_except_dim(): dim must be in [-2, 1] for 2 dimensions; got 2; check the shape of the input.",
    ),
    (
        lambda: fg.norm_except_dim(1.0),
        "norm_except_dim(): v must have at least 1 dimension; got a 0-d array; take fg.abs.",
    ),
    (
        lambda: fg.segment_reduce(v, "median", lengths=counts[:1] * 4),
        "segment_reduce(): reduce must be one of 'sum', 'mean', 'max', 'min' and 'prod'; got 'median'; choose one.",
    ),
    (
        lambda: fg.segment_reduce(v, "sum"),
        "segment_reduce(): either lengths or offsets must be given; got neither; pass lengths=.",
    ),
    (
        lambda: fg.segment_reduce(v, "sum", lengths=counts),
        "segment_reduce(): lengths must sum to 4, the size of axis 0; got 6; correct them.",
    ),
    (
        lambda: fg.segment_reduce(v, "sum", lengths=counts - 2),
        "segment_reduce(): lengths must not be negative; got -1; correct them.",
    ),
    (
        lambda: fg.segment_reduce(v, "sum", offsets=counts[::-1]),
        "segment_reduce(): offsets must ascend within [0, 4]; got 2; correct them.",
    ),
    (
        lambda: fg.segment_reduce(v, "sum", lengths=v[:1] * 4),
        "segment_reduce(): lengths must be integers; got float32 of shape (1,); convert them with fg.to(x, 'int').",
    ),
    (
        lambda: fg.segment_reduce(x, "sum", lengths=0 * counts, axis=1, unsafe=True),
        "segment_reduce(): lengths must have "
        "the sizes of data before axis 1, and a last dimension of segments; got shape (3,) for data of shape (2, 3); "
        "reshape them.",
    ),
    (
        lambda: fg.segment_reduce(v, "sum", lengths=counts[:2] + 0, initial="0", unsafe=True),
        "segment_reduce(): initial must be a number; got str '0'; pass an int or a float.",
    ),
    (
        lambda: fg.sum_to_size(x, 2),
        "sum_to_size(): size must broadcast to the shape of input; got (2,) for shape "
        "(2, 3); each size must be that of input or 1, counted from the end.",
    ),
    (
        lambda: fg.fill_diagonal(v, 1.0),
        "fill_diagonal(): input must have 2 dimensions, or more of one size; got shape "
        "(4,); write parts with fg.diagonal_scatter.",
    ),
    (
        lambda: fg.fill_diagonal(x, v),
        "fill_diagonal(): fill_value must be a number or a 0-d array; got float32 of "
        "shape (4,); write several with fg.diagonal_scatter.",
    ),
    (
        lambda: fg.as_strided(x, (2, 2), (1,)),
        "as_strided(): size and stride must have the same length; got size=(2, "
        "2) and stride=(1,); give a stride for each dimension.",
    ),
    (lambda: fg.as_strided(x, (2,), (-1,)), "as_strided(): stride[0] must be at least 0; got -1; correct it."),
    (
        lambda: fg.as_strided(x, (3, 3), (1, 2)),
        "as_strided(): places must be among the 6 elements; got up to 6; correct size, stride or storage_offset.",
    ),
    (
        lambda: fg.as_strided_scatter(x, v, (2,), (1,)),
        "as_strided_scatter(): src must have shape (2,); got shape (4,); reshape it.",
    ),
    (
        lambda: fg.as_strided_scatter(x, x[:, :2], (2, 2), (1, 1)),
        "as_strided_scatter(): each place may be written "
        "once; got size=(2, 2) and stride=(1, 1); add to overlapping places with fg.index_put(..., accumulate=True).",
    ),
    (
        lambda: fg.unravel_index(fg.tensor(6), (2, 3)),
        "unravel_index(): indices must be in [-6, 5] along dimension 0 "
        "of size 6; got 6; correct the index; nothing is clamped or wrapped.",
    ),
    (
        lambda: fg.unravel_index(0 * v, (2, 3)),
        "unravel_index(): indices must be integers; got float32 of shape (4,); convert them with fg.to(x, 'int').",
    ),
    (
        lambda: fg.is_nonzero(v),
        "is_nonzero(): x must have one element; got shape (4,); reduce it with fg.any or fg.all.",
    ),
]


@pytest.mark.parametrize(("call", "message"), MESSAGES, ids=[f"{i}" for i in range(len(MESSAGES))])
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(fg.FuncgradError) as caught:
        call()
    assert str(caught.value) == message


def test_a_correlation_of_constants_is_not_known():
    found = fg.corrcoef(fg.tensor([[1.0, 2.0], [3.0, 3.0]]))
    assert_close(found, fg.tensor([[1.0, jnp.nan], [jnp.nan, jnp.nan]]))
    assert bool(jnp.isnan(fg.corrcoef(fg.tensor([2.0]))))
    assert bool(jnp.isnan(fg.cov(x[:, :0])).all())
    assert bool(jnp.isinf(fg.cov(x, correction=5)).any())


def test_a_slope_with_second_order_edges_is_exact_for_a_parabola():
    places = fg.tensor([0.0, 1.0, 3.0, 4.0])
    assert_close(fg.gradient(places**2, spacing=[places], edge_order=2)[0], 2 * places)


def test_segments_of_nothing():
    lengths = fg.tensor([0, 4])
    for how, nothing in (("sum", 0.0), ("prod", 1.0), ("mean", jnp.nan), ("max", -jnp.inf), ("min", jnp.inf)):
        assert_close(fg.segment_reduce(v, how, lengths=lengths)[0], fg.tensor(nothing))
        assert_close(fg.segment_reduce(v, how, lengths=lengths, initial=3.0)[0], fg.tensor(3.0))


def test_equal_maxima_of_a_segment_share_the_gradient():
    ties = fg.tensor([2.0, 2.0, 1.0])
    found = jax.grad(lambda x: fg.segment_reduce(x, "max", lengths=fg.tensor([3])).sum())(ties)
    assert_close(found, fg.tensor([0.5, 0.5, 0.0]))


def test_lengths_may_be_traced():
    found = jax.jit(lambda x, n: fg.segment_reduce(x, "sum", lengths=n))(v, fg.tensor([3, 1]))
    assert_close(found, fg.tensor([7.0, 8.0]))


def test_norms_above_the_largest_are_scaled_to_it():
    found = fg.renorm(x, 2, 0, 1.0)
    assert_close(fg.norm_except_dim(found)[:, 0], fg.ones(2), rtol=1e-6, atol=0.0)
    assert_close(fg.renorm(x, 2, 0, 100.0), x)


def test_one_element_is_a_truth():
    assert fg.is_nonzero(fg.tensor([[3]])) is True
    assert fg.is_nonzero(0.0) is False
    with raises(
        fg.TracedValueError,
        "is_nonzero(): the values must be known; got a traced float32 of shape (); return the array from the function, "
        "and call this word on the result.",
    ):
        jax.jit(fg.is_nonzero)(1.0)
    assert not fg.is_signed(fg.tensor(True))
    assert fg.is_signed(fg.tensor(1))


def test_second_names_say_the_first():
    for name, advice in (
        ("permute_copy", "it is fg.permute; no result shares memory"),
        ("unsafe_chunk", "it is fg.chunk; no result shares memory"),
        ("narrow_copy", "it is fg.narrow; no result shares memory"),
        ("new_zeros", "write fg.zeros(2, 3, dtype=x.dtype)"),
    ):
        with raises(AttributeError, f"funcgrad has no `{name}`: {advice}."):
            getattr(fg, name)
