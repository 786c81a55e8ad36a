"""The suites that every implementation of a contract passes; they need pytest and anyio."""
