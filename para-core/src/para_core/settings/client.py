"""Keys of the category Para Client: the Java client reads them from the same files."""

from __future__ import annotations

from para_core.settings.key import category, flag, text

__all__ = ["KEYS"]

KEYS = category("Para Client", "the Java client, which reads the same files", [
    text("client.ssl_protocols", "TLSv1.3", "TLS versions that the client accepts."),
    text("client.ssl_keystore", "", "File with the client's own certificate."),
    text("client.ssl_keystore_password", "", "Password of that file."),
    text("client.ssl_truststore", "", "File with the certificates that the client trusts."),
    text("client.ssl_truststore_password", "", "Password of that file.", listed=False),
    flag("user_agent_id_enabled", "true", "Whether the client names itself and its version in its "
         "requests."),
])  # fmt: skip
