"""The words: making, asking, reshaping, indexing and computing with arrays."""
