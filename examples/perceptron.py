"""What one neuron can learn and what it cannot: AND, and XOR.

The neuron of McCulloch and Pitts fires if the weighted sum of its inputs reaches a threshold: y = f(w x - θ), with
f(s) = 1 for s >= 0 and 0 otherwise. Rosenblatt's rule learns w and θ: after a wrong answer, add the error times the
input. If some weights are right on every example, the rule finds such weights; for XOR there are none.
"""

import itertools

import jax
import optax

import funcgrad as fg

corners = fg.tensor(list(itertools.product((0.0, 1.0), repeat=2)))  # 00, 01, 10, 11
# A constant input of -1 whose weight is θ makes the threshold a weight like the others.
rows = fg.tensor([[x1, x2, -1.0] for x1, x2 in corners.tolist()])


def neuron(weights, row):
    """1 if the neuron fires, otherwise 0."""
    return (row @ weights >= 0).astype(float)


@jax.jit
def learn(labels):
    """Weights (w1, w2, θ) after 50 passes of Rosenblatt's rule over the four examples."""

    def correct(weights, example):
        row, label = example
        return weights + (label - neuron(weights, row)) * row, None

    def once_through(weights, _):
        return jax.lax.scan(correct, weights, (rows, labels))

    return jax.lax.scan(once_through, fg.zeros(3), length=50)[0]


def show(name, labels):
    weights = learn(labels)
    answers = neuron(weights, rows)
    accuracy = float((answers == labels).mean())
    w1, w2, threshold = weights.tolist()
    print(f"{name}: w = ({w1:g}, {w2:g}), θ = {threshold:g}, right on {accuracy:.0%}")
    return accuracy


AND = fg.tensor([0.0, 0.0, 0.0, 1.0])
XOR = fg.tensor([0.0, 1.0, 1.0, 0.0])
assert show("AND", AND) == 1.0
assert show("XOR", XOR) < 1.0

# That XOR failed is no accident of the rule. Were some weights right on a labeling, then w·row >= 0 for every example
# labelled 1 and w·row < 0 for every other. If the rows of the two kinds have one sum, and there are as many of each,
# adding up both gives S >= 0 and S < 0 for the same number S: a contradiction, so there are no such weights.
# Every labeling of the four corners has either weights that are right or this contradiction, and all 16 are tried here.
learned, impossible = [], []
for bits in itertools.product((0.0, 1.0), repeat=4):
    labels = fg.tensor(bits)
    sum_of_ones, sum_of_zeros = labels @ rows, (1 - labels) @ rows
    if bool((neuron(learn(labels), rows) == labels).all()):
        learned.append(labels)
    elif bool((sum_of_ones == sum_of_zeros).all()):
        impossible.append(labels)
assert len(learned) + len(impossible) == 16
names = " and ".join("".join(f"{bit:.0f}" for bit in labels.tolist()) for labels in impossible)
print(f"of 16 labelings of 00, 01, 10, 11 one neuron learned {len(learned)}; impossible: {names}")
best = max(float((labels == XOR).mean()) for labels in learned)
print(f"best that any neuron can do on XOR: {best:.0%}")


# A second layer is enough.
def loss(params, x, y):
    return fg.nn.binary_cross_entropy_with_logits(fg.nn.mlp(params, x, activation=fg.tanh)[:, 0], y)


optimizer = optax.adam(0.1)
state = fg.train.init(fg.nn.mlp_init([2, 4, 1], key=fg.key(0)), optimizer)
step = fg.train.step(loss, optimizer)
state, history = fg.train.fit(step, state, [(corners, XOR)] * 200, progress=False)
answers = (fg.nn.mlp(state.params, corners, activation=fg.tanh)[:, 0] >= 0).astype(float)
accuracy = float((answers == XOR).mean())
print(f"XOR by a network of two layers: loss {history.last('loss'):.4f}, right on {accuracy:.0%}")
assert accuracy == 1.0
