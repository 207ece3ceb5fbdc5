"""Every case of every word: eager and compiled agree, it maps, and its derivatives are right."""

from cases import ALL
from harness import check_compiled, check_gradient, check_mapped, differentiable, parametrize


@parametrize(ALL)
def test_eager_and_compiled_agree(case):
    check_compiled(case)


@parametrize([case for case in ALL if case.vmap])
def test_maps(case):
    check_mapped(case)


@parametrize([case for case in ALL if differentiable(case)])
def test_derivatives_agree_with_differences(case):
    check_gradient(case)
