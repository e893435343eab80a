"""The exercises of lesson 6, Take it apart."""
