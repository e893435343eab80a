"""Finds what the names of masks add to those of images, where one image has several of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatch
from glob import escape
from pathlib import Path
from typing import Any

WORD = re.compile(r"[^\W_]+")
Kind = tuple[str, str]  # the words before those of the image, and after them


def masks_by_kind(images: Sequence[str], masks: Sequence[str]) -> dict[Kind, list[int]]:
    """Return the places of masks in their list, by what their names add to that of an image.

    A kind is what more than half of the images have, and more than a number. Names of masks may be
    among those of images.
    """
    known = {" ".join(WORD.findall(name)) for name in images}
    without_masks = set(known)
    kinds: dict[Kind, list[int]] = {}
    for place, name in enumerate(masks):
        words = WORD.findall(name)
        parts = (
            (first, first + length)
            for length in range(len(words) - 1, 0, -1)
            for first in range(len(words) - length + 1)
        )
        for first, last in parts:
            added = words[:first] + words[last:]
            if " ".join(words[first:last]) in known and not any(map(str.isdigit, added)):
                kind = " ".join(words[:first]), " ".join(words[last:])
                kinds.setdefault(kind, []).append(place)
                without_masks.discard(" ".join(words))
                break
    return {kind: places for kind, places in kinds.items() if 2 * len(places) > len(without_masks)}


def about_kinds(folder: Path, kinds: Sequence[Sequence[Path]]) -> str:
    """Return that an image has masks of several kinds, and how one kind is chosen."""
    problem = (
        f"there are {len(kinds)} masks for each image, such as "
        f"{', '.join(paths[0].relative_to(folder).as_posix() for paths in kinds)}, and which of "
        "them counts is not known. "
    )
    firsts = [{folder / path.relative_to(folder).parts[0] for path in paths} for paths in kinds]
    parents = [{path.parent for path in paths} for paths in kinds]
    for places in (firsts, parents):
        if all(len(each) == 1 for each in places) and len(set[Path]().union(*places)) == len(kinds):
            return f"{problem}Give the folder of one kind, such as {min(places[0]).as_posix()}"
    patterns = [_pattern([path.name for path in paths]) for paths in kinds]
    others = ", ".join(map(repr, patterns[1:]))
    if any(fnmatch(path.name, pattern) for path in kinds[0] for pattern in patterns[1:]):
        return f"{problem}Copy those of one kind into a folder of their own, and give that"
    return (
        f"{problem}Give a copy of the folder with one kind alone, such as {patterns[0]}: "
        f"`shutil.copytree({folder.as_posix()!r}, 'one_kind', "
        f"ignore=shutil.ignore_patterns({others}))`"
    )


def _pattern(names: Sequence[str]) -> str:
    """Return what all of these names begin and end with, for `fnmatch`."""
    start = common_start(names)
    end = common_start([name[len(start) :][::-1] for name in names])[::-1]
    return f"{escape(start)}*{escape(end)}"


def common_start(names: Sequence[Any]) -> Any:
    """Return what all texts, or all lists of words, begin with."""
    first, last = min(names), max(names)
    differ = (i for i, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1])
    return first[: next(differ, None)]
