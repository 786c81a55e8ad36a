"""What a request does: store, then index, then cache, then notify."""
