"""The exercises of lesson 9, From mask to cells."""
