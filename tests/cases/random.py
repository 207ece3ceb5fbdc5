import jax
import numpy as np
from harness import case

import funcgrad as fg

key = fg.key(0)
x = np.array([[0.25, 0.5, 1.0], [0.0, 0.75, 0.125]], np.float32)
positive = x + np.float32(0.5)
ours = {"torch": None}  # other generators give other numbers: test_random.py checks the laws
discrete = {"torch": None, "grad": False}

CASES = [
    *[case(word, *size, key=key, options=ours) for word in ("rand", "randn") for size in [(), (3,), ((2, 3),), (0, 2)]],
    case("rand", 3, key=key, dtype="bfloat16", options=ours),
    case("randn", 3, key=key, dtype="complex64", options=ours),
    case("rand", 3, key=jax.random.PRNGKey(0), options=ours),
    *[case(word, x, key=key, options=discrete) for word in ("rand_like", "randn_like")],
    case("randint", 5, (3,), key=key, options=ours),
    case("randint", -2, 5, (2, 3), key=key, options=ours),
    case("randint", 0, 256, (3,), key=key, dtype="uint8", options=ours),
    case("randint", high=5, size=(3,), key=key, dtype="float", options=ours),
    case("randint_like", x, 5, key=key, options=discrete),
    case("randperm", 5, key=key, options=ours),
    case("randperm", 0, key=key, options=ours),
    case("normal", x, positive, key=key, options=ours),
    case("normal", x, 2.0, key=key, options=ours),
    case("normal", 1.0, positive, key=key, options=ours),
    case("normal", 1.0, 2.0, (2, 3), key=key, options=ours),
    case("normal", x[0], positive[0], (2, 3), key=key, options=ours),
    case("uniform", x, positive, key=key, options=ours),
    case("uniform", -1.0, 1.0, (2, 3), key=key, options=ours),
    case("exponential", positive, key=key, options=ours),
    case("gamma", positive, positive, key=key, options=discrete),
    case("bernoulli", x, key=key, options=discrete),
    case("bernoulli", x, key=key, dtype="bool", options=discrete),
    case("binomial", np.array([5.0, 50.0], np.float32), x[0, :2], key=key, options=discrete),
    case("poisson", 4 * x, key=key, options=discrete),
    *[case("multinomial", x, n, how, key=key, options=discrete) for n, how in [(2, False), (5, True), (0, True)]],
    case("multinomial", x[0], 3, key=key, options=discrete),
    case("multinomial_counts", 10, x, key=key, options=discrete),
    case("multinomial_counts", 10, x[0], (4,), key=key, options=discrete),
]
