"""Derivatives: gradients, Jacobians, products, and the transforms they compose with."""
