"""Seeing what is computed: data first, pictures second."""

from .figures import plot_class_jacobian, plot_history, plot_jacobian, plot_predictions
from .graph import Graph, Node, graph
from .live import live_plot

__all__ = [
    "Graph",
    "Node",
    "graph",
    "live_plot",
    "plot_class_jacobian",
    "plot_history",
    "plot_jacobian",
    "plot_predictions",
]
