import numpy as np
from harness import case

from .products import complexes, floats

x, z, many = floats(3, 4), complexes(3, 4), floats(2, 1, 2, 3, 5)
truth = np.array([True, False, True])
names = ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
real = ("rfft", "ihfft")  # these take no complex input
rounded = {"tolerance": (2e-5, 2e-5)}  # a point is a sum of all the others

CASES = [
    *[case(f"fft.{name}", x, options=rounded) for name in names],
    *[case(f"fft.{name}", x, 5, 0, "ortho", options=rounded) for name in names],
    *[case(f"fft.{name}", x, n=3, dim=-1, norm="forward", options=rounded) for name in names],
    *[case(f"fft.{name}", z, 5, 0, options=rounded) for name in names if name not in real],
    *[case(f"fft.{name}", truth, options=rounded) for name in names],
    *[case(f"fft.{name}{form}", x, options=rounded) for name in names for form in ("2", "n")],
    *[case(f"fft.{name}2", x, (4, 3), (1, 0), "ortho", options=rounded) for name in names],
    *[case(f"fft.{name}n", many, s=(-1, 4), norm="forward", options=rounded) for name in names],
    *[case(f"fft.{name}n", many, norm="ortho", options=rounded) for name in ("fft", "rfft", "irfft", "ihfft")],
    *[case(f"fft.{name}n", z, dim=0, options=rounded) for name in ("fft", "irfft", "hfft")],
    case("fft.fftn", x, dim=()),
    case("fft.fftn", floats()),
    *[case(f"fft.{name}", n, 0.5) for name in ("fftfreq", "rfftfreq") for n in (4, 5)],
    case("fft.fftfreq", 0),
    *[case(f"fft.{name}", x, *dim) for name in ("fftshift", "ifftshift") for dim in ((), (-1,), ((0, 1),))],
    case("fft.ifftshift", floats(5)),
]
