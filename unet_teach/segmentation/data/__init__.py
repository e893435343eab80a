"""Images and masks to learn from: packaged, generated, or read from a folder."""
