"""The exercises of lesson 3, Skip connections."""
