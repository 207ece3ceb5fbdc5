import numpy as np
from harness import case

from .products import complexes, floats

x, z, batch = floats(11), complexes(11), floats(2, 11)
w = np.hanning(6)[1:5].astype(np.float32)
spectrum, whole = complexes(2, 3, 4), complexes(4, 5)
asked = {"return_complex": True}
rounded = {"tolerance": (2e-5, 2e-5)}  # a point is a sum of all the others
WINDOWS = [f"{name}_window" for name in ("bartlett", "blackman", "hamming", "hann", "kaiser")]

CASES = [
    # torch computes in float32 and errs by some units in the last place; kaiser by more
    *[case(name, n, options={"tolerance": (1e-5, 1e-6)}) for name in WINDOWS for n in (0, 1, 2, 9)],
    *[case(name, n, False, options={"tolerance": (1e-5, 1e-6)}) for name in WINDOWS for n in (1, 2, 8)],
    case("hamming_window", 8, True, 0.5, 0.25, options={"tolerance": (1e-5, 1e-6)}),
    case("kaiser_window", 8, True, -3.0, options={"tolerance": (1e-5, 1e-6)}),
    case("stft", x, 4, **asked, options=rounded),
    case("stft", batch, 5, 2, 4, w, **asked, options=rounded),
    case("stft", x, 8, 3, 4, w, False, **asked, options=rounded),
    case("stft", x, 8, 3, 4, w, False, align_to_window=True, **asked, options=rounded),
    *[case("stft", x, 4, pad_mode=mode, **asked, options=rounded) for mode in ("constant", "replicate", "circular")],
    case("stft", x, 4, normalized=True, onesided=False, **asked, options=rounded),
    case("stft", z, 4, options=rounded),
    case("stft", x, 4, window=z[:4], options=rounded),
    case("stft", x, 6, 6, 3, **asked, options=rounded),
    case("istft", spectrum, 4, window=w, options=rounded),
    case("istft", spectrum, 5, 2, options=rounded),
    case("istft", spectrum, 4, 2, center=False, normalized=True, options=rounded),
    case("istft", spectrum, 4, 1, length=9, options=rounded),
    case("istft", whole, 4, 2, onesided=False, options=rounded),
    case("istft", whole, 4, 2, return_complex=True, options=rounded),
    case("istft", whole, 4, window=z[:4], return_complex=True, options=rounded),
]
