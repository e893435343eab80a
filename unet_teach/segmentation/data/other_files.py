"""Says what a file holds that is no image, such as annotations, and how it becomes masks."""

from __future__ import annotations

import json
import re
from pathlib import Path

HEAD = 200_000  # characters of a file that are looked at
LARGEST_JSON = 50_000_000  # bytes of a file that is read to its end
COCO_IN_WORDS = "annotations in the format of COCO"
DRAW = "`mask = Image.new('L', (width, height)); ImageDraw.Draw(mask).polygon(points, fill=255)`"
POLYGONS = f"draw the polygons of each image with Pillow, {DRAW}, and save each mask as PNG"
SAVE = "then `Image.fromarray(mask.astype('uint8')).save('NAME.png')`"
BOXES = "boxes say nothing about single pixels, so no mask can be made from them"

# (endings, a pattern that the text must hold, what the file is, what to do)
ANNOTATIONS = (
    (
        ".json .geojson",
        r'"type"\s*:\s*"FeatureCollection"',
        "polygons as GeoJSON (QuPath)",
        POLYGONS,
    ),
    (
        ".json .csv",
        r'"shape_attributes"|region_shape_attributes|"_via_',
        "annotations of VIA (VGG Image Annotator)",
        POLYGONS,
    ),
    (".json", r'"shapes"\s*:', "annotations of LabelMe", POLYGONS),
    (
        ".json",
        r'"annotations"\s*:[^\0]*"(image_id|categories)"|"categories"\s*:[^\0]*"annotations"'
        r'|"images"\s*:\s*\[[^\0]*"file_name"|"annotations"\s*:\s*\[\s*\]',
        COCO_IN_WORDS,
        "add up `COCO(path).annToMask(annotation)` of pycocotools for each image, and save each "
        "mask as PNG",
    ),
    (
        ".json",
        r'"(brushlabels|polygonlabels|from_name)"',
        "annotations of Label Studio",
        "export them there again as 'Brush labels to PNG', or draw the polygons with Pillow",
    ),
    (".json", r'"(exterior|polygon|points|segmentation)"', "polygons as text", POLYGONS),
    (".xml", r"<bndbox>", "boxes in the format of PASCAL VOC", BOXES),
    (
        ".xml",
        r"<(polygon|mask|image) ",
        "annotations of CVAT",
        "export them there again as 'Segmentation mask', which is a folder of PNG files",
    ),
    (
        ".csv",
        r"(?i)EncodedPixels|\brle\b",
        "masks as run lengths, as Kaggle has them",
        "decode each row (pairs of start and length; starts count from 1, down the columns): "
        "`mask = np.zeros(width * height, 'uint8')`, `mask[start - 1 : start - 1 + length] = 255` "
        "for each pair, `mask.reshape(width, height).T`, and save it as PNG",
    ),
)
OTHERS = (
    (".mat", "a MATLAB file", f"read it with `scipy.io.loadmat(path)['NAME OF THE MASK']`, {SAVE}"),
    (
        ".nii .nii.gz",
        "a NIfTI volume",
        f"save slices: `nibabel.load(path).get_fdata()[..., k]`, {SAVE}",
    ),
    (
        ".nrrd .mha .mhd",
        "a volume",
        f"save slices: SimpleITK's `GetArrayFromImage(ReadImage(path))`, {SAVE}",
    ),
    (".dcm", "a DICOM file", f"read it with `pydicom.dcmread(path).pixel_array`, {SAVE}"),
    (".h5 .hdf5", "an HDF5 file", f"read it with `h5py.File(path)['NAME'][:]`, {SAVE}"),
    (".pt .pth", "a file of torch", f"read it with `torch.load(path).numpy()`, {SAVE}"),
    (".pkl .pickle", "a pickled Python object", f"load it where it was made, {SAVE}"),
    (
        ".roi",
        "an outline of ImageJ",
        "open it in ImageJ: Edit > Selection > Create Mask, save as PNG",
    ),
    (
        ".svg",
        "a vector drawing",
        "export it as PNG, of the size of its image, without anti-aliasing",
    ),
    (
        ".zip .tar .gz .tgz .7z .rar",
        "an archive",
        "unpack it; if it holds .roi files of ImageJ, let ImageJ's ROI Manager fill them, and save "
        "that as PNG",
    ),
)


def other_file(path: Path) -> str:
    """Return what a file is that is no image, and what to do about it."""
    name = path.name.lower()
    for endings, kind, remedy in OTHERS:
        if name.endswith(tuple(endings.split())):
            return f"{kind}, not a mask or an image, so not used; {remedy}"
    if annotations := _kind_of_text(path):
        kind, remedy = annotations
        return f"{kind}, not a mask image, so not used; {remedy}"
    remark = "not a PNG, JPEG, TIFF, GIF or BMP file, so not used"
    return f"{remark}; if it is an image, save it as PNG"


def _kind_of_text(path: Path) -> tuple[str, str] | None:
    suffix = path.suffix.lower()
    if suffix not in (".json", ".geojson", ".xml", ".csv", ".txt"):
        return None
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            text = file.read(HEAD)
    except OSError:
        return None
    if suffix == ".txt":
        return _yolo(text)
    for endings, pattern, kind, remedy in ANNOTATIONS:
        if suffix in endings.split() and re.search(pattern, text):
            return (COCO_IN_WORDS in kind and _coco_without_outlines(path)) or (kind, remedy)
    return None


def _coco_without_outlines(path: Path) -> tuple[str, str] | None:
    """Return what a file of COCO is from which no mask can be made; None if it has outlines."""
    if path.stat().st_size > LARGEST_JSON:
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        annotations = content["annotations"]
        if not annotations:
            return f"{COCO_IN_WORDS} without any annotation", (
                "nothing in it says where an object is: annotate the images, or export it again"
            )
        has_boxes_only = all(
            annotation.get("bbox") and not annotation.get("segmentation")
            for annotation in annotations
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return ("boxes in the format of COCO, without outlines", BOXES) if has_boxes_only else None


def _yolo(text: str) -> tuple[str, str] | None:
    """Return what lines of a class and coordinates from 0 to 1 are: boxes, or polygons."""
    lines = [line.split() for line in text.splitlines()[:50] if line.strip()]
    number = re.compile(r"[01]?\.?\d*(e-\d+)?")
    if not lines or not all(
        len(line) >= 5 and line[0].isdigit() and all(map(number.fullmatch, line[1:]))
        for line in lines
    ):
        return None
    if all(len(line) == 5 for line in lines):
        return "boxes in the format of YOLO", BOXES
    return "polygons in the format of YOLO", (
        f"multiply x by the width and y by the height of the image, then {POLYGONS}"
    )
