"""Seeing what is computed: data first, pictures second."""
