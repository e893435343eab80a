"""Collects remarks about the files of a folder, so that many files give one line."""

from __future__ import annotations

MOST_NAMES = 5  # file names in a note


class UnreadableError(ValueError):
    """Raised for a file that cannot be read; its text is the reason."""


class Notes:
    """Remarks about files; each remark is kept once, with the names of all files it concerns."""

    def __init__(self) -> None:
        self.names: dict[str, list[str]] = {}

    def add(self, remark: str, *names: str) -> None:
        """Note a remark about the named files, or about the whole folder."""
        known = self.names.setdefault(remark, [])
        known += [name for name in names if name not in known]

    def lines(self) -> list[str]:
        """Return the notes, one line each."""
        lines = []
        for remark, names in self.names.items():
            rest = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
            lines.append(f"{', '.join(names[:MOST_NAMES])}{rest}: {remark}" if names else remark)
        return lines
