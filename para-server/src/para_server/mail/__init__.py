"""Mail: who sends it, what it looks like, and the way to the mail server."""

from __future__ import annotations

from para_server.mail.smtp import SmtpEmailer, open_smtp_emailer

__all__ = ["SmtpEmailer", "open_smtp_emailer"]
