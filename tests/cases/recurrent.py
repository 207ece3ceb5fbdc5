import numpy as np
from harness import case

rng = np.random.default_rng(7)


def draw(*shape):
    return rng.standard_normal(shape).astype(np.float32) / 2


def weights(gates, layers=1, directions=1, biases=True, wide=3, hidden=2, projected=None):
    out, made = projected or hidden, []
    for layer in range(layers):
        for _ in range(directions):
            width = out * directions if layer else wide
            made += [draw(gates * hidden, width), draw(gates * hidden, out)]
            made += [draw(gates * hidden), draw(gates * hidden)] if biases else []
            made += [draw(projected, hidden)] if projected else []
    return made


x, h, c = draw(4, 2, 3), draw(4, 2, 2), draw(4, 2, 2)
first = np.ascontiguousarray(x[0])
small = draw(4, 2, 1)
GATES = {"rnn_tanh": 1, "rnn_relu": 1, "gru": 3, "lstm": 4}


def at(word, state, memory):
    return (state, memory) if word == "lstm" else state


def named(word, *args, options=None, **kwargs):
    return case(f"nn.{word}", *args, options={"torch": word} | (options or {}), **kwargs)


CASES = [
    *[named(f"{w}_cell", first, at(w, h[0], c[0]), *weights(n)) for w, n in GATES.items()],
    *[named(f"{w}_cell", first, at(w, h[0], c[0]), *weights(n, biases=False)) for w, n in GATES.items()],
    *[named(w, x, at(w, h[:1], c[:1]), weights(n), True, 1, 0.0, False, False, False) for w, n in GATES.items()],
    *[
        named(w, x.swapaxes(0, 1), at(w, h, c), weights(n, 2, 2, False), False, 2, 0.5, False, True, True)
        for w, n in GATES.items()
    ],
    named("lstm", x, (small[:2], c[:2]), weights(4, 2, projected=1), True, 2, 0.0, False, False, False),
    case("nn.gru", x, h[:2], weights(3, 2), num_layers=2, options={"torch": None}),
]
