"""Mail: who sends it, what it looks like, and the way to the mail server."""
