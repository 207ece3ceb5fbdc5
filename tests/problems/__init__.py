"""Functions of the literature with what is published of them, which `test_problems.py` differentiates in every way."""

from . import grids, least_squares, models, objectives
from ._problem import Problem

__all__ = ["PROBLEMS", "Problem"]

PROBLEMS: list[Problem] = [
    *least_squares.PROBLEMS,
    *objectives.PROBLEMS,
    *grids.PROBLEMS,
    *models.PROBLEMS,
]
