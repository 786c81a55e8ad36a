"""Programs for those who work on this repository; ``make help`` says which target runs which."""
