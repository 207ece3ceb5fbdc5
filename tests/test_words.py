"""Every case of every word: eager and compiled agree, it maps, and its derivatives are right.

One test a case, because the checks share its compiled program.
"""

from cases import ALL
from harness import check_compiled, check_gradient, differentiable, parametrize


@parametrize(ALL)
def test_word(case):
    check_compiled(case)
    if differentiable(case):
        check_gradient(case)
