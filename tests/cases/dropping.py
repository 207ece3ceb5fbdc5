import numpy as np

import funcgrad as fg
from cases.nn import named

key = fg.key(0)
x = np.linspace(-2, 3, 24, dtype=np.float32).reshape(2, 3, 4)
ours = {"torch": None}  # another generator: test_dropping.py checks the laws
flat = {"torch": "feature_dropout"}

CASES = [
    *[named(word, x, training=False) for word in ("dropout1d", "alpha_dropout")],
    *[named(word, x[None], training=False) for word in ("dropout2d", "dropout3d")],
    named("feature_alpha_dropout", x),
    named("feature_dropout", x, 0.5, False, options=flat),
    named("feature_dropout", x, 0.0, True, options=flat),
    *[named(word, x, 0.5, True, key=key, options=ours) for word in ("dropout1d", "dropout2d", "feature_dropout")],
    *[named(word, x[None], 0.5, True, key=key, options=ours) for word in ("dropout3d", "feature_alpha_dropout")],
    named("alpha_dropout", x, 0.5, True, key=key, options=ours),
    named("alpha_dropout", x, 1.0, True, key=key, options=ours),
]
