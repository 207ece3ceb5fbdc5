"""The words of this room that torch has without a prefix as well, by the names they have there."""

from __future__ import annotations

from .gamma import gammainc, gammaincc, multigammaln, polygamma

__all__ = ["igamma", "igammac", "mvlgamma", "polygamma"]

igamma = gammainc
igammac = gammaincc
mvlgamma = multigammaln
