import numpy as np

from cases.nn import named

rng = np.random.default_rng(3)
maps = rng.standard_normal((2, 6, 3, 5)).astype(np.float32)
rows = rng.standard_normal((4, 6)).astype(np.float32)
w, b, mean = rng.standard_normal((3, 6)).astype(np.float32)
var = rng.uniform(0.5, 2.0, 6).astype(np.float32)
weights = rng.standard_normal((3, 5)).astype(np.float32)
far = np.float32(1000) + rows
flat = np.array([[0.0, 0.0, 0.0], [3.0, -4.0, 0.0], [1e-13, 0.0, 0.0]], np.float32)

stats = {"constant": (1, 2)}  # torch has no gradient with respect to running statistics
# Numbers near 1000 are known to 6e-5 before anything is computed.
coarse = {"tolerance": (2e-3, 2e-3), "grad": False}
state = {"torch": None, "grad": False}  # test_normalization.py compares the new statistics and the gradients

CASES = [
    named("batch_norm", maps, mean, var, w, b, options=stats),
    named("batch_norm", rows, mean, var, options=stats),
    named("batch_norm", maps, None, None, w, b, training=True),
    named("batch_norm", rows, None, None, None, b, True, 0.1, 1e-2),
    named("batch_norm", maps, mean, var, w, b, True, 0.3, options=state),
    named("instance_norm", maps),
    named("instance_norm", maps, None, None, w, b, eps=1e-2),
    named("instance_norm", maps, mean, var, w, b, False, options=stats),
    named("instance_norm", maps, mean, var, w, b, True, 0.3, options=state),
    named("group_norm", maps, 3),
    named("group_norm", maps, 2, w, b, 1e-2),
    named("group_norm", rows, 6, options={"grad": False}),  # one value to a group: all 0
    named("group_norm", maps[:0], 2),
    named("layer_norm", maps, (3, 5), weights, weights[::-1].copy()),
    named("layer_norm", maps, [5]),
    named("layer_norm", rows, (6,), w, None, 1e-2),
    named("layer_norm", rows[0], (6,), None, b),
    named("layer_norm", far, (6,), options=coarse),
    named("layer_norm", rows[:0], (6,)),
    named("rms_norm", maps, (3, 5), weights),
    named("rms_norm", rows, (6,)),
    named("rms_norm", rows[0], (6,), w, 0.5),
    *[named("local_response_norm", a, n, 0.5) for a in (maps, maps[0]) for n in (2, 3)],
    named("local_response_norm", maps, 9, 0.5, 0.5, 2.0),
    *[named("normalize", maps, p, dim) for p, dim in ((2.0, 1), (1.0, -1), (3.0, (0, 2)), (float("inf"), 0))],
    named("normalize", flat, options={"grad": False}),  # its slope at zeros is 1e12: test_normalization.py
    named("normalize", (rows + 1j * rows[::-1]).astype(np.complex64)),
]
