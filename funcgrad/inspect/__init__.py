"""Seeing what is computed: data first, pictures second."""

from .figures import plot_class_jacobian, plot_history, plot_jacobian, plot_predictions
from .graph import Graph, Node, graph

__all__ = [
    "Graph",
    "Node",
    "graph",
    "plot_class_jacobian",
    "plot_history",
    "plot_jacobian",
    "plot_predictions",
]
