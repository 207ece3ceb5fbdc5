"""Taking programs and weights elsewhere, and the machine that they run on."""
