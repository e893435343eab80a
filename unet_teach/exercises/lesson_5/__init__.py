"""The exercises of lesson 5, Train it."""
