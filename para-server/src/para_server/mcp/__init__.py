"""What AI assistants may ask and do through the Model Context Protocol: ``/v1/_mcp``.

The SDK is an extra: only ``door`` may be imported without it.
"""
