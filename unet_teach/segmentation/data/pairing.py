"""Lists the files of a folder, and finds the masks of each image by name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from unet_teach.segmentation import argument_checks
from unet_teach.segmentation.data.array_files import ARRAYS
from unet_teach.segmentation.data.image_files import (
    EXTENSIONS,
    TIFF,
    brightness,
    open_page,
)
from unet_teach.segmentation.data.mask_kinds import about_kinds, common_start, masks_by_kind
from unet_teach.segmentation.data.mask_levels import looks_like_mask
from unet_teach.segmentation.data.notes import MOST_NAMES, Notes, UnreadableError
from unet_teach.segmentation.data.other_files import other_file

ENDINGS = "mask masks seg segmentation label labels gt"
SUFFIXES = tuple(f"{sign}{word}" for word in ENDINGS.split() for sign in "_-. ")
ROLES = {"mask", "masks", "seg", "segmentation", "label", "labels", "gt", "groundtruth"}
ROLES |= {"annotation", "annotations", "target", "targets", "truth", "manual", "matte", "mattes"}
IMAGES = ("image", "images", "img", "imgs", "input", "photo")
WORDS = re.compile(rf"(?<![a-z])({'|'.join(sorted((*ROLES, *IMAGES)))})(?![a-z])")
OF_THE_SYSTEM = {"thumbs.db", "desktop.ini", "__macosx"}  # what Windows and macOS leave in folders
SPLITS = {"train": 0, "training": 0, "val": 1, "valid": 1, "validation": 1}
SPLITS |= {"test": 2, "testing": 2, "ts": 2}
WORDS_OF_FOLDERS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")  # of "SegmentationClass", "labelsTr"
JPEG = (".jpg", ".jpeg")
TAKEN_AS_MASKS = "taken as masks"
NUMBER = re.compile(r"[ _-]?\(?\d+\)?$")  # of several masks of one image: _1, -02, " (3)"


class ImageFile(NamedTuple):
    """A file of a folder.

    Attributes:
        path: where it is.
        label: its path in the folder, for notes.
        name: what identifies it: its label in lower case, without ending, and without folders that
            are merely called images or masks.
        is_mask: whether its name, or that of its folder, says that it is a mask.
    """

    path: Path
    label: str
    name: str
    is_mask: bool


class Match(NamedTuple):
    """An image and its masks, which are to be merged if there are several."""

    name: str
    image: ImageFile
    masks: list[ImageFile]


def list_images(name: str, folder: str | Path, notes: Notes) -> list[ImageFile]:
    """Return the image files of a folder, sorted by name; note everything else that is in it.

    If there are none, those in its folders are returned.

    Raises:
        TypeError: if the folder is neither a string nor a path.
        ValueError: if there is no such folder.
    """
    folder = argument_checks.as_path(name, folder)
    if folder.is_file():
        raise ValueError(
            f"{folder} is a file; give the folder of the {name}. It is {other_file(folder)}."
            if not _is_usable(folder)
            else f"{folder} is a file; give the folder that it is in."
        )
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}. Give the path of one, as text.")
    everything = _visible(folder.rglob("*"), folder)
    files = [path for path in everything if path.parent == folder]
    if not files:
        notes.add(f"the folder of the {name} is empty", folder.name)
    inside = [path for path in everything if _is_usable(path)]
    usable = [path for path in inside if path.parent == folder]
    is_nested = not usable and bool(inside)
    if not inside:  # annotations may lie deeper
        files = [path for path in everything if not path.is_dir()]
    for path in files:
        if path not in usable and not (is_nested and path.is_dir()):
            if path.is_dir():
                notes.add("a folder, not used", path.name)
            elif path.exists():
                notes.add(other_file(path), path.name)
            else:
                notes.add("a link to a missing file, not used", path.name)
    if is_nested:
        remark = (
            "it has no images itself, so the files in its folders are used; a folder of masks "
            "belongs to one image"
        )
        notes.add(remark, folder.name)
    return [_image_file(path, folder) for path in (inside if is_nested else usable)]


def match_masks(
    images: Sequence[ImageFile], masks: Sequence[ImageFile], notes: Notes
) -> list[Match]:
    """Return each image with its masks; note files that have no counterpart.

    Raises:
        ValueError: if both are numbered, but images begin with another number than masks.
    """
    if {image.path for image in images} == {mask.path for mask in masks}:  # one folder for both
        is_one_folder = True
        masks = [file for file in images if file.is_mask]
        masks = masks or _in_folders_of_masks(images) or _by_added_words(images, notes)
        images = [file for file in images if file not in masks]
        if images and not masks:
            notes.add(
                "both folders are the same, and no name in it says that it is a mask; let those of "
                f"masks end in _mask, or give {_both_folders(images)}"
            )
    else:  # one folder may lie in the other
        is_one_folder = False
        paths = {mask.path for mask in masks}
        outside = [image for image in images if image.path not in paths]
        if len(outside) < len(images):
            others = [image for image in outside if image.is_mask]
            others += [file for file in _in_folders_of_masks(outside) if file not in others]
            if 0 < len(others) < len(outside):
                notes.add("named like another mask, not used", *(file.label for file in others))
                outside = [image for image in outside if image not in others]
        images = outside
    images = _without_channel(images, masks)
    _require_same_numbers(images, masks)
    matches = _matches_without_masks(images, notes)
    by_name = _names_of(matches)
    found: dict[str, list[tuple[str, ImageFile]]] = {}
    without_image: list[ImageFile] = []
    for mask in masks:
        match, style = next(
            ((by_name[name], style) for name, style in _candidates(mask.name) if name in by_name),
            (None, ""),
        )
        if match is None:
            without_image.append(mask)
        else:
            found.setdefault(match.name, []).append((style, mask))
    for match in matches:
        for style, mask in found.get(match.name, []):
            if (style and style == found[match.name][0][0]) or not match.masks:
                match.masks.append(mask)
            else:
                notes.add("a second mask for the same image, not used", mask.label)
        if len(match.masks) > 1:
            notes.add("its masks are merged into one", match.image.label)
    # From the surest rule to the vaguest: each is only asked about what the ones before have left.
    _pair_what_is_left(matches, without_image, notes, _without_words)
    left = _without_common_words([match.image.name for match in matches if not match.masks])
    kinds = masks_by_kind(left, [mask.name for mask in without_image])
    of_kinds = _note_kinds(kinds.values(), without_image, notes)
    without_image = [mask for mask in without_image if mask not in of_kinds]
    _pair_what_is_left(matches, without_image, notes, _without_common_words)
    _pair_what_is_left(matches, without_image, notes, _without_folders)
    _pair_what_is_left(matches, without_image, notes, _without_folders_and_words)
    if is_one_folder and (problem := _second_masks(matches)):
        notes.add(problem)
        return []
    left_over = [*without_image, *(match.image for match in matches if not match.masks)]
    _note_stacks(left_over, notes)
    without_mask = [match.image.label for match in matches if not match.masks]
    remedy = ""
    if without_mask and without_image:
        remedy = "; give both the same name, or let the mask's end in _mask"
        if any("/" in label for label in without_mask):
            remedy += "; folders in the two folders must have the same names, too"
    if without_mask:
        notes.add(f"no mask, not used{remedy}", *without_mask)
    if without_image:
        notes.add("a mask without an image, not used", *(mask.label for mask in without_image))
    return [match for match in matches if match.masks]


def _in_folders_of_masks(files: Sequence[ImageFile]) -> list[ImageFile]:
    """Return the files whose folder has a word for masks in its name, if others have none."""
    found = [file for file in files if "/" in file.label and _words(file.path.parent.name) & ROLES]
    if len(found) == len(files):  # segmentation_images and segmentation_masks
        found = [file for file in found if not _words(file.path.parent.name) & {*IMAGES}]
    return found if len(found) < len(files) else []


def _words(folder: str) -> set[str]:
    return {word.lower() for word in WORDS_OF_FOLDERS.findall(folder)}


def _both_folders(files: Sequence[ImageFile]) -> str:
    """Return which two folders should be given, in place of one that holds both."""
    folders = sorted({file.label.rpartition("/")[0] for file in files})
    if len(folders) < 2:
        return "the folder of the masks"
    more = f" and {len(folders) - MOST_NAMES} more" if len(folders) > MOST_NAMES else ""
    return (
        "both folders, from_folder(images, masks): the images lie in "
        f"{', '.join(folders[:MOST_NAMES])}{more}"
    )


def _without_channel(
    images: Sequence[ImageFile], masks: Sequence[ImageFile]
) -> Sequence[ImageFile]:
    """Return images without a number that all end in and masks lack, as _0000 in nnU-Net."""
    ends = {number[0] if (number := re.search(r"_\d+$", image.name)) else "" for image in images}
    end = ends.pop() if len(ends) == 1 else ""
    shorter = [image._replace(name=image.name.removesuffix(end)) for image in images]
    of_masks = _without_folders([_split_suffix(mask.name)[0] for mask in masks])
    shared = {*of_masks} & {*_without_folders([image.name for image in shorter])}
    return shorter if end and len(images) > 1 and 2 * len(shared) > len(masks) else images


def _note_stacks(files: Sequence[ImageFile], notes: Notes) -> None:
    """Note which of a few files hold several images, while other folders have a file for each."""
    stacks = [file for file in files if file.path.suffix.lower() in (*ARRAYS, *TIFF)]
    for file in stacks if len(stacks) <= MOST_NAMES else ():
        try:
            pages = open_page(file.path).pages
        except UnreadableError as reason:
            notes.add(f"{reason}, not used", file.label)
            continue
        if pages > 1:
            notes.add(
                f"holds {pages} images. Save each as a file, with the names of those that they "
                "belong to, in their order: `for name, page in zip(names, "
                "ImageSequence.Iterator(Image.open(path))): page.save(f'{name}.png')`, after "
                "`from PIL import Image, ImageSequence`",
                file.label,
            )


def _second_masks(matches: Sequence[Match]) -> str:
    """Say that another folder holds what may be the masks as well; "" if none does."""
    paired = [match for match in matches if match.masks]
    places = {match.image.path.parent for match in paired}
    groups: dict[Path, list[ImageFile]] = {}
    for match in matches:
        if not match.masks and match.image.path.parent not in places:
            groups.setdefault(match.image.path.parent, []).append(match.image)
    names = set(_without_folders_and_words([match.image.name for match in paired]))
    for folder, files in groups.items():
        is_beside = folder.parent in {place.parent for place in places}
        shared = names & set(_without_folders_and_words([file.name for file in files]))
        if not is_beside or 2 * len(shared) <= len(names) or _words(folder.name) & {*SPLITS}:
            continue
        with suppress(UnreadableError):
            if looks_like_mask(brightness(open_page(files[0].path))):
                image, mask = paired[0].image, paired[0].masks[0]
                return (
                    f"{files[0].label} may be the mask of {image.label} as well as {mask.label}, "
                    "and which of them counts is not known. Give both folders: "
                    f"from_folder({image.path.parent.as_posix()!r}, "
                    f"{mask.path.parent.as_posix()!r}), or with {folder.as_posix()!r} as the second"
                )
    return ""


def _require_same_numbers(images: Sequence[ImageFile], masks: Sequence[ImageFile]) -> None:
    """Refuse images 1 to 6 with masks 0 to 5: as many, but equal numbers are no pairs."""
    numbers = []
    for files in (images, masks):
        found = [re.fullmatch(r"(\D*)(\d+)(\D*)", file.name) for file in files]
        if len({part and part.group(1, 3) for part in found}) != 1 or None in found:
            return
        numbers.append(sorted(int(part[2]) for part in found if part))
    first, second = numbers
    shift = second[0] - first[0]
    if shift and len(first) > 2 and [number + shift for number in first] == second:
        raise ValueError(
            f"The images are numbered from {first[0]} to {first[-1]} and the masks from "
            f"{second[0]} to {second[-1]}, so masks of equal numbers may belong to other images. "
            "Give both the same numbers. If equal numbers do belong together, take away the files "
            "that are alone."
        )


def _by_added_words(files: Sequence[ImageFile], notes: Notes) -> list[ImageFile]:
    """Find the masks in a folder of images and masks where no name contains a word such as "mask".

    Their names are those of other files with the same addition, as `a_L` to `a`, and more than half
    of these others have such a partner; or there is a JPEG of the same name for each.
    """
    names = [file.name for file in files]
    kinds = masks_by_kind(names, names)
    masks = _note_kinds(kinds.values(), files, notes)
    photos = {file.name for file in files if file.path.suffix.lower() in JPEG}
    twins = [f for f in files if f.name in photos and f.path.suffix.lower() not in JPEG]
    if photos and not kinds and len(twins) == len(photos):
        masks = twins
        remark = f"{TAKEN_AS_MASKS}, and the images are JPEG files of the same names"
        notes.add(remark, *(mask.label for mask in masks))
    if len(kinds) == 1:
        masks = [files[place] for places in kinds.values() for place in places]
        remark = f"{TAKEN_AS_MASKS}, since their names add the same to those of images"
        notes.add(remark, *(mask.label for mask in masks))
    return masks


def _note_kinds(
    kinds: Collection[Sequence[int]], masks: Sequence[ImageFile], notes: Notes
) -> list[ImageFile]:
    """Note that images have masks of several kinds, and return these masks."""
    if len(kinds) < 2:
        return []
    folder = masks[0].path.parents[masks[0].label.count("/")]
    notes.add(about_kinds(folder, [[masks[place].path for place in places] for places in kinds]))
    return [masks[place] for places in kinds for place in places]


def _pair_what_is_left(
    matches: Sequence[Match],
    masks: list[ImageFile],
    notes: Notes,
    parts_of: Callable[[Sequence[str]], list[str]],
) -> None:
    """Pair files by a part of their names, where exactly one image and one mask have it.

    Such masks leave the list.
    """
    left = [match for match in matches if not match.masks]
    of_images = parts_of([match.image.name for match in left])
    of_masks = parts_of([mask.name for mask in masks])
    for mask, part in zip(list(masks), of_masks, strict=True):
        if part and of_images.count(part) == of_masks.count(part) == 1:
            match = left[of_images.index(part)]
            match.masks.append(mask)
            masks.remove(mask)
            pair = f"{match.image.label} with {mask.label}"
            notes.add("paired by what their names share", pair)


def _without_folders(names: Sequence[str]) -> list[str]:
    return [name.rpartition("/")[2] for name in names]


def _without_folders_and_words(names: Sequence[str]) -> list[str]:
    return _without_common_words(_without_folders(names))


def _without_common_words(names: Sequence[str]) -> list[str]:
    """Return names without the words that all of them begin or end with.

    A beginning has no digits, and an ending is not a number: these tell images apart. A single
    name keeps its first word.
    """
    split = [re.findall(r"[^\W_]+", name) for name in names]
    most = min(map(len, split), default=1) - 1
    shared = common_start([words[::-1] for words in split] or [[]])
    end = min(most, len([*takewhile(lambda word: not word.isdigit(), shared)]))
    shared = common_start(split) if len(names) > 1 else []
    start = min(most - end, len([*takewhile(lambda word: not re.search(r"\d", word), shared)]))
    return [" ".join(words[start : len(words) - end]) for words in split]


def given_split(image: ImageFile) -> int | None:
    """Return the split, 0 to 2, after which a folder of an image is named, or None."""
    folders = image.label.lower().split("/")[:-1]
    return next((SPLITS[folder] for folder in folders if folder in SPLITS), None)


def _without_words(names: Sequence[str]) -> list[str]:
    """Return names without words such as `image`, and without zeros before numbers."""
    kept = (re.sub(r"\d+", lambda n: f" {int(n[0])} ", WORDS.sub(" ", name)) for name in names)
    return [" ".join(re.findall(r"[^\W_]+", name)) for name in kept]


def has_mask_suffix(name: str) -> bool:
    """Return whether a name without its ending says that the file is a mask."""
    return _split_suffix(name) != (name, "")


def _visible(paths: Iterator[Path], folder: Path) -> list[Path]:
    """Return sorted paths without those that are hidden, or in a folder that is."""
    return sorted(
        path
        for path in paths
        if not any(
            part.startswith(".") or part.lower() in OF_THE_SYSTEM
            for part in path.relative_to(folder).parts
        )
    )


def note_files_inside(folder: str | Path, notes: Notes) -> None:
    """Note the files in subfolders that are no images, such as annotations."""
    folder = Path(folder)
    for path in _visible(folder.rglob("*"), folder):
        if path.is_file() and path.parent != folder and not _is_usable(path):
            notes.add(other_file(path), path.relative_to(folder).as_posix())


def _is_usable(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in EXTENSIONS


def _image_file(path: Path, folder: Path) -> ImageFile:
    relative = path.relative_to(folder)
    folders = [part.lower() for part in relative.parts[:-1]]
    stem = unicodedata.normalize("NFC", path.stem.lower())
    first = WORDS.match(stem)
    is_mask = has_mask_suffix(stem) or bool(first and first[0] in ROLES)
    if folders:
        is_mask |= NUMBER.sub("", stem) in ROLES or any(part in ROLES for part in folders)
    kept = [part for part in folders if part not in (*ROLES, *IMAGES)]
    name = unicodedata.normalize("NFC", "/".join([*kept, stem]))
    return ImageFile(path, relative.as_posix(), name, is_mask)


def _matches_without_masks(images: Sequence[ImageFile], notes: Notes) -> list[Match]:
    """Return a match for each image; one that is alone in its folder has the folder's name."""
    folders = [_folder(image.name) for image in images]
    matches: dict[str, Match] = {}
    for image, folder in zip(images, folders, strict=True):
        name = folder if folder and folders.count(folder) == 1 else image.name
        if name in matches:
            notes.add("a second image of the same name, not used", image.label)
        else:
            matches[name] = Match(name, image, [])
    return list(matches.values())


def _names_of(matches: Sequence[Match]) -> dict[str, Match]:
    """Return the images by every name under which a mask may look for them.

    An image may itself be called "x_mask", so it is also found as "x".
    """
    names = {match.name: match for match in matches}
    for match in matches:
        names.setdefault(match.image.name, match)
    for match in matches:
        names.setdefault(_split_suffix(match.image.name)[0], match)
    return names


def _candidates(name: str) -> Iterator[tuple[str, str]]:
    """Yield the names that the image of a mask may have, and how the mask is named.

    Masks of one image that are named in the same way are merged; "" is a way that only one has.
    """
    yield name, ""
    base, suffix = _split_suffix(name)
    number = NUMBER.search(name)
    if number and number[0][0] in "_- " and suffix and not name.endswith(suffix):
        yield base + number[0], ""  # x_mask_1 may belong to x_1
    if suffix:
        yield base, suffix
    if number and number.start() > 0:
        yield name[: number.start()], "a number"
    if folder := _folder(name):
        yield folder, "a folder"


def _split_suffix(name: str) -> tuple[str, str]:
    """Return a name without a mask's suffix and number, and the suffix, or ""."""
    for stem in (name, NUMBER.sub("", name)):
        for suffix in SUFFIXES:
            if stem.endswith(suffix) and stem != suffix:
                return stem.removesuffix(suffix), suffix
    return name, ""


def _folder(name: str) -> str:
    return name.rpartition("/")[0]
