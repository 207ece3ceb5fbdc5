"""Seeing what is computed: data first, pictures second."""

from .graph import Graph, Node, graph

__all__ = ["Graph", "Node", "graph"]
