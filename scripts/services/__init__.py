"""Real servers for the service tests: installed, started, checked and stopped by one command.

A product is one module with one ``Service``; ``catalogue`` lists them, ``supervisor`` runs them.
Programs that tests need and nobody installs for them, as a JDK, are looked for.
"""
