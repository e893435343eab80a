"""Exercises on the living U-Net; each moves to the folder of the lesson that asks it first."""
