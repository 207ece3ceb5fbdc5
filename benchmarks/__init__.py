"""Measurements. Each is a ratio against a named peer, interleaved in one run; no test depends on a time."""
