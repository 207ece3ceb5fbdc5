"""Which public names of torch have a word here: every callable of torch and its rooms, and of torch.Tensor."""

import warnings

import torch

import funcgrad as fg

ROOMS = {
    "torch": (torch, [fg, fg.nn]),
    "torch.linalg": (torch.linalg, [fg.linalg]),
    "torch.fft": (torch.fft, [fg.fft]),
    "torch.special": (torch.special, [fg.special]),
    "torch.nn.functional": (torch.nn.functional, [fg.nn, fg]),
    "torch.Tensor": (torch.Tensor, [fg, fg.linalg, fg.nn, fg.fft, fg.special]),
}


def public(room) -> list[str]:
    """The functions and methods that `room` shows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {name: getattr(room, name) for name in dir(room) if not name.startswith("_")}
    return [name for name, value in found.items() if callable(value) and not isinstance(value, type)]


def words() -> dict[str, tuple[list[str], list[str]]]:
    """For each room of torch, the names that are implemented here and those that are not."""
    counted = {}
    for title, (room, ours) in ROOMS.items():
        names = public(room)
        there = [name for name in names if any(name in dir(place) for place in ours)]
        counted[title] = there, [name for name in names if name not in there]
    return counted
