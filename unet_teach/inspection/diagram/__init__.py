"""The U diagram: what it shows, where everything is placed, and two ways to draw it."""
