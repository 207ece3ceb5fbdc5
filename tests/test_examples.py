"""Every example runs, and prints what it promises."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("*.py"))


def run(name, *options, folder):
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-W", "error", str(ROOT / "examples" / f"{name}.py"), *options]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=folder, env={**os.environ, "PYTHONPATH": path})
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    return ran.stdout


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What each example printed, run at most once."""
    seen = {}

    def of(name):
        if name not in seen:
            seen[name] = run(name, folder=tmp_path_factory.mktemp(name))
        return seen[name]

    return of


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_runs(name, printed):
    assert printed(name).strip()


def errors_and_outputs(text):
    errors = [float(line.split()[1]) for line in text.splitlines() if re.match(r"\d", line)]
    return errors, [float(number) for number in text.splitlines()[-1].split(": ")[1].split(", ")]


# What the NumPy program with the derivative by hand prints, seed 1, at steps 0, 10,000 ... 50,000.
NUMPY_ERRORS = [
    0.496410031903,
    0.00858452565325,
    0.00578945986251,
    0.00462917677677,
    0.00395876528027,
    0.00351012256786,
]
NUMPY_OUTPUTS = [0.00260572, 0.99672209, 0.99701711, 0.00386759]


def test_the_two_layer_network_in_64_bits_is_the_numpy_program(tmp_path):
    errors, outputs = errors_and_outputs(run("two_layer_network", "--x64", folder=tmp_path))
    # 12 digits are printed; the products are summed in another order, and 50,000 steps pass the difference on.
    assert errors == pytest.approx(NUMPY_ERRORS, rel=2e-12)
    assert outputs == pytest.approx(NUMPY_OUTPUTS, abs=1e-8)


def test_the_two_layer_network_in_32_bits_is_near_it(printed):
    errors, outputs = errors_and_outputs(printed("two_layer_network"))
    assert errors == pytest.approx([0.496410042, 0.00858458, 0.00578958, 0.00462944, 0.00395887, 0.00351019], rel=1e-4)
    assert outputs == pytest.approx(NUMPY_OUTPUTS, abs=1e-5)


def test_one_neuron_learns_and_but_not_xor(printed):
    text = printed("perceptron")
    assert "AND: w = (2, 1), θ = 3, right on 100%" in text
    assert "one neuron learned 14; impossible: 0110 and 1001" in text
    assert "best that any neuron can do on XOR: 75%" in text
    assert re.search(r"XOR by a network of two layers: loss 0\.00\d\d, right on 100%", text)


def test_two_ways_to_a_line_agree(printed):
    text = printed("linear_regression")
    lines = re.findall(r"(solved|descended) +w = \(([-\d.]+), ([-\d.]+)\), b = ([-\d.]+)", text)
    assert [name for name, *_ in lines] == ["solved", "descended"]
    for _, *numbers in lines:
        assert [float(number) for number in numbers] == pytest.approx([2, -3.4, 4.2], abs=2e-3)
    assert float(re.search(r"largest difference (.*)", text)[1]) < 1e-5


def test_newton_converges_quadratically_with_sparse_matrices(printed):
    text = printed("sparse_newton")
    assert "Broyden: 10000 unknowns, 29998 entries (0.03%), 5 steps" in text
    assert re.search(r"Bratu on 63 × 63: 3969 unknowns, 19593 entries \(0\.12%\), 4 steps", text)
    assert 1.9 < float(re.search(r"divides the error by 2\^([\d.]+)", text)[1]) < 2.1
    before, after = map(float, re.search(r"area ([\d.]+) -> ([\d.]+)", text).groups())
    assert 1 < after < before


def test_steps_with_a_sparse_matrix_each(printed):
    text = printed("sparse_steps")
    assert "Brusselator: 648 unknowns in 6 colours" in text
    error = float(re.search(r"squared error \S+ -> (\S+)", text)[1])
    assert error < 1e-12
