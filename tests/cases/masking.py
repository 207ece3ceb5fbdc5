import numpy as np
from harness import case

x = np.array([[1.5, -2.0, 3.0, 0.5], [0.0, 4.0, -1.0, 2.5], [7.0, -3.5, 0.25, 1.0]], np.float32)  # (3, 4)
n = np.arange(12, dtype=np.int32).reshape(3, 4)
mask = np.array([[True, False, True, True], [False] * 4, [True] * 4])

# Words whose result's shape depends on values are compared with torch in test_masking.py.
mine = {"torch": None}
CASES = [
    case("masked_fill", x, mask, -1.0),
    case("masked_fill", x, mask, np.array(2.5, np.float32)),
    case("masked_fill", x, mask[:, :1], 3),
    case("masked_fill", x, mask[0], float("-inf"), options={"grad": False}),
    case("masked_fill", x[0], mask, 1.5),
    case("masked_fill", n, mask, 7),
    case("masked_fill", mask, mask[0], True),
    case("masked_fill", np.array(1.5, np.float32), np.array(True), 0.5),
    case("masked_scatter", x, mask, x[::-1].copy()),
    case("masked_scatter", x, mask[0], np.arange(9, dtype=np.float32)),
    case("masked_scatter", n, mask, n + 100),
    case("masked_scatter", x, np.zeros((3, 4), bool), np.zeros(0, np.float32), options={"grad": False}),
    case("masked_select", x, mask, size=9, fill_value=-5, options=mine),
    case("masked_select", x, mask[0], size=12, options=mine),
    case("nonzero", n, size=12, options=mine),
    case("nonzero", x, as_tuple=True, size=13, fill_value=99, options={**mine, "grad": False}),
    case("nonzero", np.array(3), size=2, options=mine),
    case("argwhere", mask, size=8, options=mine),
]
