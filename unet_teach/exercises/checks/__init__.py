"""Checks that exercises share, one file for each kind of answer."""
