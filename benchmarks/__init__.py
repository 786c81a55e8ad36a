"""How fast is it, and does it answer as the original does? ``python -m benchmarks`` measures."""
