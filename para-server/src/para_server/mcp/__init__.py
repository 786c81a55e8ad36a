"""What AI assistants may ask and do through the Model Context Protocol: ``/v1/_mcp``.

Nothing here is imported unless ``para.mcp_server_mode`` asks for it: the SDK is an extra.
"""
