"""The suite that every search engine passes."""
