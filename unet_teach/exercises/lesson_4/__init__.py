"""The exercises of lesson 4, Symmetric architecture."""
