"""The query language: text to tree, and what the tree means for a document."""
