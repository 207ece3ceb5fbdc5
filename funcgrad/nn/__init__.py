"""Networks as plain functions of parameters."""
