"""The exercises of lesson 8, Larger than memory."""
