"""Small parts that several folders of the package use."""
