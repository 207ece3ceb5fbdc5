"""Train a small network on handwritten digits in a few seconds, then look at what it computes.

Run `make demo`, or this file with --help. Nothing is downloaded: the data lie beside it.
"""

import argparse
import time
from pathlib import Path

import jax
import optax

import funcgrad as fg

DATA = Path(__file__).parent / "data" / "digits.csv.gz"


def load_digits():
    """1,797 images of 8 × 8 pixels in [0, 1], flat, and the digit that each shows."""
    table = fg.data.read_csv(DATA, header=False)
    return fg.data.to_array(table.drop("64")) / 16, fg.data.to_array(table["64"], dtype="long")


def loss(params, x, y):
    """What is minimised, and what else is measured on the way."""
    logits = fg.nn.mlp(params, x)
    accuracy = fg.mean(fg.argmax(logits, dim=1) == y, dtype="float")
    return fg.nn.cross_entropy(logits, y, label_smoothing=0.1), {"accuracy": accuracy}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0, help="of the first parameters and the order of the images")
    parser.add_argument("--out", type=Path, default=Path("out"), help="the folder for the pictures")
    parser.add_argument("--no-pictures", action="store_true")
    options = parser.parse_args()

    began = time.perf_counter()
    key = fg.key(options.seed)
    x, y = load_digits()
    # The same fifth is held out whatever the seed, with as many of each digit as there are in the rest.
    x_train, x_test, y_train, y_test = fg.data.train_test_split(x, y, key=fg.key(0), stratify=y)
    data = fg.data.batches(x_train, y_train, batch_size=64, key=key, drop_last=True)

    schedule = optax.warmup_cosine_decay_schedule(0.0, 1e-2, len(data), options.epochs * len(data))
    optimizer = optax.adamw(schedule, weight_decay=1e-2)
    params = fg.nn.mlp_init([64, 128, 10], key=key)
    state = fg.train.init(params, optimizer, key=key)
    step = fg.train.step(loss, optimizer)

    @jax.jit
    def evaluate(params):
        held_out, measured = loss(params, x_test, y_test)
        return {"test_loss": held_out, "test_accuracy": measured["accuracy"]}

    state, history = fg.train.fit(step, state, data, epochs=options.epochs, evaluate=evaluate)
    seconds = time.perf_counter() - began
    print(f"test accuracy {history.last('test_accuracy'):.1%} of {len(x_test)} images that were not trained on")
    print(f"{seconds:.1f} s from reading the file to the last step, compilation included, on {x.device}")
    if not options.no_pictures:
        for path in draw(state.params, x_test, y_test, history, options.out):
            print(path)


def draw(params, x, y, history, folder):
    """The curves, some predictions, and the Jacobian of the class scores with respect to the pixels of one image."""
    folder.mkdir(parents=True, exist_ok=True)

    def network(image):
        return fg.nn.mlp(params, image)

    scores = network(x)
    predicted = fg.argmax(scores, dim=1)
    wrong_first = fg.argsort((predicted == y).astype(int), stable=True)[:24]
    image = x[wrong_first[0]]
    jacobian = fg.jacobian(network)(image)  # (10, 64)
    pictures = {
        "history": fg.inspect.plot_history(history),
        "predictions": fg.inspect.plot_predictions(
            x[wrong_first].reshape(-1, 8, 8), predicted[wrong_first], y[wrong_first], scores[wrong_first]
        ),
        "jacobian": fg.inspect.plot_jacobian(jacobian, outputs=[f"score of {digit}" for digit in range(10)]),
        "class_jacobian": fg.inspect.plot_class_jacobian(
            image, jacobian, network(image), title="which pixels raise (red) and lower (blue) the score of each digit"
        ),
    }
    for name, figure in pictures.items():
        path = folder / f"digits_{name}.png"
        figure.savefig(path, dpi=120)
        yield path


if __name__ == "__main__":
    main()
