"""A hundred kills of one training run, at random moments and inside every part of writing a checkpoint."""

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = Path(__file__).parents[1] / "tests" / "killed.py"


def main(kills: int = 100, seed: int = 0) -> None:
    dice = random.Random(seed)
    moments = []
    for _ in range(kills):
        kind = dice.choice(["time", "time", "step", "write", "flush", "rename"])
        moments.append(f"{kind}:{dice.uniform(0, 0.05):.4f}" if kind == "time" else f"{kind}:{dice.randint(1, 12)}")
    epochs = str(4 * kills)  # of 5 steps; few kills let more than 20 be taken

    def end(*moments: str) -> tuple[int, str]:
        with tempfile.TemporaryDirectory() as folder:
            program = [sys.executable, str(PROGRAM), folder, epochs, *moments]
            done, bits = subprocess.run(program, capture_output=True, text=True, check=True).stdout.split()
        return int(done), bits

    begun = time.perf_counter()
    done, bits = end(*moments)
    seconds = time.perf_counter() - begun
    same = "the same" if bits == end()[1] else "OTHER"
    print(f"{done} kills of a run of {epochs} epochs in {seconds:.0f} s: all checkpoints whole after each, {same} bits")
    if done < kills or same != "the same":
        sys.exit(1)


if __name__ == "__main__":
    main()
