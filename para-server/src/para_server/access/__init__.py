"""Who sends a request, and what they may do.

Pure functions over bytes and values: ``classify`` tells which credential a request carries,
``signing`` and ``tokens`` verify it, ``authorize`` decides, ``ownership`` and ``visibility`` hold
for the objects behind it, ``grants`` changes permissions. ``authenticate`` puts the first steps in
their order and is the only place that waits for something.
"""
