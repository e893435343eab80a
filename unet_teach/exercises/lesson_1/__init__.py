"""The exercises of lesson 1, Down-sampling."""
