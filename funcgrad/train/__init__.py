"""The compiled training step, the loop over it, and data to feed it."""
