import numpy as np

import funcgrad as fg
from cases.nn import kinks, named, wide

key = fg.key(0)
x = np.linspace(-2.2, 3, 24, dtype=np.float32).reshape(2, 3, 4)
slopes = np.array([0.5, -0.25, 2.0], np.float32)
ours = {"torch": None}
whole = {"grad": False}

CASES = [
    *[named(word, wide) for word in ("celu", "tanhshrink", "rrelu")],
    named("tanhshrink", np.arange(-2, 3)),
    *[named(word, wide, 0.75) for word in ("hardshrink", "softshrink")],
    *[named(word, kinks, options=whole) for word in ("celu", "rrelu")],
    *[named(word, kinks, 1.0, options=whole) for word in ("hardshrink", "softshrink")],
    *[named("celu", wide, alpha) for alpha in (0.5, -2.0)],
    named("hardshrink", wide, -2.0),
    named("softshrink", wide, 0.0),
    named("rrelu", wide, 0.2, 0.2),
    named("rrelu", wide, training=True, key=key, options=ours),
    named("threshold", wide, 0.75, 9.0),
    named("threshold", kinks, 1.0, -1.0, options=whole),
    named("threshold", np.array([1, 2, 3]), 2, 0),
    named("prelu", x, slopes),
    named("prelu", x[0, 0], slopes[:1]),
    named("prelu", x, np.array(0.5, np.float32)),
    named("prelu", kinks, slopes[:1], options=whole),
    *[named("softmin", x, dim) for dim in (0, -1)],
    named("softmin", wide, 0, dtype="float16", options=whole),
    named("gumbel_softmax", x, 0.5, dim=1, key=key, options=ours),
    named("gumbel_softmax", x, hard=True, key=key, options={"torch": None, "grad": False}),
]
