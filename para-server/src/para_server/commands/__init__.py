"""Commands of ``para-server`` besides running it: one module for each."""
