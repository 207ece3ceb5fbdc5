"""A line through a cloud of points, twice: by solving for it, and by descending to it.

The data are made: y = X w + b plus noise, with w = (2, -3.4) and b = 4.2. Least squares asks for the w and b that make
the mean squared error smallest, which linear algebra gives at once and gradient descent step by step.
"""

import optax

import funcgrad as fg

ROWS = 1000

inputs, noise = fg.keys(fg.key(0))
x = fg.randn(ROWS, 2, key=inputs)
y = x @ fg.tensor([2.0, -3.4]) + 4.2 + 0.01 * fg.randn(ROWS, key=noise)


# By solving: b is the weight of a column of ones.
columns = fg.cat([x, fg.ones(ROWS, 1)], dim=1)
solved = fg.linalg.lstsq(columns, y[:, None]).solution[:, 0]


# By descending.
def loss(params, x, y):
    return fg.nn.mse_loss(fg.nn.linear(x, params["w"], params["b"]), y)


optimizer = optax.sgd(0.3)
state = fg.train.init({"w": fg.zeros(2), "b": fg.zeros(())}, optimizer)
step = fg.train.step(loss, optimizer)
state, history = fg.train.fit(step, state, [(x, y)], epochs=40, progress=False)
descended = fg.cat([state.params["w"], state.params["b"][None]])


def show(name, values):
    w1, w2, b = values.tolist()
    print(f"{name:<10} w = ({w1:.5f}, {w2:.5f}), b = {b:.5f}")


show("solved", solved)
show("descended", descended)
losses = history["loss"]
print(f"loss {losses[0]:.4f} at first, {losses[-1]:.3e} after {len(losses)} steps")
difference = float(abs(descended - solved).max())
print(f"largest difference {difference:.1e}")
assert difference < 1e-5
