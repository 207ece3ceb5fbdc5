"""Every case of every word: eager and compiled agree, it maps, and its derivatives are right."""

from cases import ALL
from harness import check_compiled, check_gradient, differentiable, parametrize_words


@parametrize_words(ALL)
def test_word(cases):
    check_compiled(cases)
    check_gradient([case for case in cases if differentiable(case)])
