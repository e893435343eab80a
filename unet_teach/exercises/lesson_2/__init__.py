"""The exercises of lesson 2, Up-sampling."""
