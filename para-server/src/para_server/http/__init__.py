"""HTTP as the API needs it: requests, answers, routes, and the wire."""
