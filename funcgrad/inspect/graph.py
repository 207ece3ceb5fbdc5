"""The computation graph of a call, with the value and the gradient at every node."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._checks import describe, fail
from .._errors import ArgumentTypeError
from .._jax import body_of, inner_program, is_dropped, is_literal, open_program
from .._plain import fitting
from .._types import Array, Shape

__all__ = ["Graph", "Node", "graph"]

# Equations that move values into place and that no one wrote: what reads them reads what they were made of.
_PLUMBING = {"broadcast_in_dim", "convert_element_type", "copy", "copy_p", "pvary"}


@fitting
@dataclass(frozen=True)
class Node:
    """One value in a graph, with what torch calls its ``data``, ``grad``, ``grad_fn``, ``is_leaf``, ``requires_grad``.

    Attributes:
        name: of the argument, dotted into pytrees (``p.w``), or t0, t1, ... in the order of computation.
        op: the operation that made it; None for a leaf.
        inputs: the names of the nodes it was made of, and numbers as they are.
        call: which operation made it; outputs of one operation share the number.
        shape: its shape.
        dtype: its dtype.
        data: its value; None where only shapes were given.
        grad: the derivative of the summed outputs with respect to it, in its shape; None for integers, for leaves
            not differentiated, and for what none of the differentiated leaves reaches.
        is_leaf: whether it is an argument or a constant.
        requires_grad: whether a differentiated leaf reaches it by operations that have a derivative.
        is_output: whether the function returns it.
    """

    name: str
    op: str | None
    inputs: tuple[str, ...]
    call: int | None
    shape: Shape
    dtype: np.dtype[Any]
    data: Array | None
    grad: Array | None
    is_leaf: bool
    requires_grad: bool
    is_output: bool


@fitting
@dataclass(frozen=True)
class Graph:
    """The nodes of a call in the order of computation. Notebooks show it drawn; ``print`` shows the table."""

    nodes: tuple[Node, ...]

    def __getitem__(self, name: str) -> Node:
        return next(node for node in self.nodes if node.name == name)

    def __str__(self) -> str:
        return self.text()

    def text(self) -> str:
        """The graph as a table, one node a line."""
        rows = [("node", "made by", "shape", "data", "grad", "")]
        for node in self.nodes:
            made = f"{node.op}({', '.join(node.inputs)})" if node.op else "leaf"
            flags = [word for word in ("requires_grad", "is_output") if getattr(node, word)]
            kind = f"{node.dtype.name}{list(node.shape)}"
            rows.append((node.name, made, kind, _brief(node.data), _brief(node.grad), " ".join(flags)))
        widths = [max(len(row[i]) for row in rows) for i in range(6)]
        return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)

    def mermaid(self) -> str:
        """The graph as a Mermaid flowchart: rectangles hold data, rounded boxes are operations."""
        lines = ["flowchart LR"]
        ids = {node.name: f"n{i}" for i, node in enumerate(self.nodes)}
        drawn = set()
        for node in self.nodes:
            label = f"{node.name}: {node.dtype.name}{list(node.shape)}"
            if node.data is not None:
                label += f"<br/>data {_brief(node.data)}<br/>grad {_brief(node.grad)}"
            lines.append(f'  {ids[node.name]}["{label}"]:::{_style(node)}')
            if node.op is None:
                continue
            if node.call not in drawn:
                drawn.add(node.call)
                numbers = [text for text in node.inputs if text not in ids]
                shown = f"{node.op} {', '.join(numbers)}".strip()
                lines.append(f'  f{node.call}(["{shown}"]):::{"cut" if node.op == "stop_gradient" else "op"}')
                arrow = "-.->" if node.op == "stop_gradient" else "-->"
                lines += [f"  {ids[text]} {arrow} f{node.call}" for text in node.inputs if text in ids]
            lines.append(f"  f{node.call} {'-.->' if node.op == 'stop_gradient' else '-->'} {ids[node.name]}")
        lines += [f"  classDef {name} {style}" for name, style in _STYLES.items()]
        return "\n".join(lines)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/vnd.mermaid": self.mermaid(), "text/plain": self.text()}


# The colours every torch user knows from drawings of the backward graph; shapes differ too.
_STYLES = {
    "leaf": "fill:#cfe8ff,stroke:#1f4e79,stroke-width:3px,color:#000",
    "constant": "fill:#eef1f4,stroke:#666,color:#000",
    "value": "fill:#fff,stroke:#666,color:#000",
    "output": "fill:#d5f5d5,stroke:#2e7d32,color:#000",
    "op": "fill:#ffe9b8,stroke:#b8860b,color:#000",
    "cut": "fill:#f7c9c9,stroke:#b00020,color:#000",
}


def _style(node: Node) -> str:
    if node.is_output:
        return "output"
    if node.is_leaf:
        return "leaf" if node.requires_grad else "constant"
    return "value"


def _brief(value: Array | None) -> str:
    if value is None:
        return "None"
    if value.size > 6:
        return f"{float(jnp.min(value)):.4g} … {float(jnp.max(value)):.4g}"
    return np.array2string(np.asarray(value), precision=4, separator=", ").replace("\n", "")


def graph(f: Callable[..., Any], /, *args: Any, argnums: int | Sequence[int] | None = None) -> Graph:
    """The computation graph of ``f(*args)`` with the value and the gradient at every node.

    `f` is traced once and run once forward and once backward. A function that is jitted inside `f`, a loop or a branch
    is one node. Where the arguments are `jax.ShapeDtypeStruct`, nothing is run and there are no values.

    Args:
        f: a function of pytrees of arrays.
        *args: its arguments.
        argnums: which arguments are differentiated; by default all that have floating leaves.

    Returns:
        A ``Graph``; its ``nodes`` are plain dataclasses, ``text()`` and ``mermaid()`` show them.

    Raises:
        ArgumentTypeError: `f` is not a function.

    >>> g = fg.inspect.graph(lambda x, y: x * y, 2.0, 3.0)
    >>> print(g)
    node  made by    shape      data  grad
    x     leaf       float32[]  2.    3.    requires_grad
    y     leaf       float32[]  3.    2.    requires_grad
    t0    mul(x, y)  float32[]  6.    1.    requires_grad is_output
    >>> g["x"].is_leaf, g["t0"].op
    (True, 'mul')

    Source: the dynamic computation graph of torch's autograd, ``Tensor.grad_fn``.
    """
    if not callable(f):
        fail(ArgumentTypeError, "graph", "f must be a function", f"got {describe(f)}", "write fg.inspect.graph(f, x)")
    chosen = range(len(args)) if argnums is None else [argnums] if isinstance(argnums, int) else argnums
    names, leaves = _named_leaves(f, args)
    picked = {i % len(args) for i in chosen}
    jaxpr = jax.make_jaxpr(f)(*args)
    body, constants = open_program(jaxpr)
    reader = _Reader(body, [name for _, name in names], [position in picked for position, _ in names])
    if any(isinstance(leaf, jax.ShapeDtypeStruct) for leaf in leaves):
        return Graph(reader.nodes())
    inputs = [*constants, *[jnp.asarray(leaf) for leaf in leaves]]
    values, gradients = reader.run(inputs)
    return Graph(reader.nodes(values, gradients))


def _named_leaves(f: Callable[..., Any], args: tuple[Any, ...]) -> tuple[list[tuple[int, str]], list[Any]]:
    """For each leaf its argument's position and its dotted name, and the leaves."""
    try:
        bound = inspect.signature(f).bind(*args)
        words = [
            name if p.kind is not p.VAR_POSITIONAL else f"{name}{i}"
            for name, p in bound.signature.parameters.items()
            for i in range(len(bound.arguments.get(name, ())) if p.kind is p.VAR_POSITIONAL else 1)
        ]
    except (TypeError, ValueError):
        words = [f"arg{i}" for i in range(len(args))]
    names, leaves = [], []
    for position, argument in enumerate(args):
        for path, leaf in jax.tree_util.tree_leaves_with_path(argument):
            suffix = jax.tree_util.keystr(path, simple=True, separator=".")
            names.append((position, f"{words[position]}.{suffix}" if suffix else words[position]))
            leaves.append(leaf)
    return names, leaves


class _Reader:
    """A jaxpr read into nodes: which variable is which node, and what reaches what."""

    def __init__(self, body: Any, names: list[str], picked: list[bool]):
        self.body = body
        self.equations = _live(body)
        # A variable's node, or the text of a number. Plumbing gives its output the node of its input.
        self.node_of: dict[Any, str] = {}
        self.found: dict[str, Node] = {}
        self.variable_of: dict[str, Any] = {}
        for i, var in enumerate(body.constvars):
            self._add(var, f"c{i}", is_leaf=True)
        for var, name, differentiated in zip(body.invars, names, picked, strict=True):
            floating = bool(jnp.issubdtype(var.aval.dtype, jnp.inexact))
            self._add(var, name, is_leaf=True, requires_grad=differentiated and floating)
        count = 0
        for call, equation in enumerate(self.equations):
            inputs = tuple(self._text(var) for var in equation.invars)
            op = _readable(equation)
            if equation.primitive.name in _PLUMBING or op == "name":
                self.node_of[equation.outvars[0]] = inputs[0]
                if op == "name":
                    self._rename(inputs[0], equation.params["name"])
                continue
            reached = op != "stop_gradient" and any(self.found[n].requires_grad for n in inputs if n in self.found)
            for var in equation.outvars:
                if is_dropped(var):
                    continue
                floating = bool(jnp.issubdtype(var.aval.dtype, jnp.inexact))
                made = {"op": op, "inputs": inputs, "call": call, "requires_grad": reached and floating}
                self._add(var, f"t{count}", **made)
                count += 1
        for var in body.outvars:
            name = self._text(var)
            if name in self.found:
                self.found[name] = replace(self.found[name], is_output=True)

    def _add(self, var: Any, name: str, **known: Any) -> None:
        blank = {"op": None, "inputs": (), "call": None, "data": None, "grad": None}
        flags = {"is_leaf": False, "requires_grad": False, "is_output": False}
        about = {**blank, **flags, **known, "shape": tuple(var.aval.shape), "dtype": np.dtype(var.aval.dtype)}
        self.found[name] = Node(name=name, **about)
        self.node_of[var] = name
        self.variable_of[name] = var

    def _rename(self, old: str, new: str) -> None:
        if old not in self.found or new in self.found or self.found[old].is_leaf:
            return
        self.found = {new if k == old else k: replace(v, name=new) if k == old else v for k, v in self.found.items()}
        self.variable_of[new] = self.variable_of.pop(old)
        self.node_of = {var: new if name == old else name for var, name in self.node_of.items()}

    def _text(self, var: Any) -> str:
        if is_literal(var):
            return f"{np.asarray(var.val).item():.6g}" if np.ndim(var.val) == 0 else "constant"
        return self.node_of[var]

    def evaluate(self, inputs: Sequence[Any], probes: dict[Any, Any]) -> dict[Any, Any]:
        """Every variable's value; a probe is added to its variable's."""
        values: dict[Any, Any] = {}

        def write(var: Any, value: Any) -> None:
            values[var] = value + probes[var] if var in probes else value

        for var, value in zip([*self.body.constvars, *self.body.invars], inputs, strict=True):
            write(var, value)
        for equation in self.equations:
            given = [v.val if is_literal(v) else values[v] for v in equation.invars]
            result = equation.primitive.bind(*given, **equation.primitive.get_bind_params(equation.params))
            for var, value in zip(
                equation.outvars, result if equation.primitive.multiple_results else [result], strict=True
            ):
                write(var, value)
        return values

    def run(self, inputs: Sequence[Any]) -> tuple[dict[str, Array], dict[str, Array]]:
        """By name, the value of every node and, by one reverse pass through zero probes, its gradient."""
        wanted = {name: var for name, var in self.variable_of.items() if jnp.issubdtype(var.aval.dtype, jnp.floating)}
        probes = {var: jnp.zeros(var.aval.shape, var.aval.dtype) for var in wanted.values()}

        def total(probes: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
            values = self.evaluate(inputs, {wanted[name]: probe for name, probe in probes.items()})
            outputs = [values[v] for v in self.body.outvars if not is_literal(v)]
            summed = sum((jnp.sum(o) for o in outputs if jnp.issubdtype(o.dtype, jnp.floating)), jnp.zeros(()))
            return summed, {name: values[var] for name, var in self.variable_of.items()}

        by_name = {name: probes[var] for name, var in wanted.items()}
        gradients, values = jax.grad(total, has_aux=True)(by_name)
        return values, gradients

    def nodes(
        self, values: dict[str, Array] | None = None, gradients: dict[str, Array] | None = None
    ) -> tuple[Node, ...]:
        shown = []
        for name, node in self.found.items():
            # The output of a stop_gradient has a gradient of its own to show; what feeds it does not get it.
            has_grad = node.requires_grad or (not node.is_leaf and node.dtype.kind == "f")
            grad = gradients.get(name) if gradients is not None and has_grad else None
            shown.append(replace(node, data=None if values is None else values[name], grad=grad))
        return tuple(shown)


def _live(body: Any) -> list[Any]:
    """The equations that an output depends on, or that have effects."""
    needed = {var for var in body.outvars if not is_literal(var)}
    kept = []
    for equation in reversed(body.eqns):
        if equation.effects or any(var in needed for var in equation.outvars):
            kept.append(equation)
            needed |= {var for var in equation.invars if not is_literal(var)}
    return kept[::-1]


def _readable(equation: Any) -> str:
    """The name of an operation as a reader knows it: ``relu``, not ``custom_jvp_call``."""
    name: str = equation.primitive.name
    if name in ("jit", "pjit"):
        return str(equation.params["name"]).strip("_<>") or name
    if name.startswith("custom_"):
        debug = getattr(body_of(inner_program(equation)), "debug_info", None)
        return str(getattr(debug, "func_name", name)).split(" ")[0]
    return {"dot_general": "matmul", "reduce_sum": "sum", "reduce_max": "max", "integer_pow": "pow"}.get(name, name)
