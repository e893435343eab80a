"""`python -m unet_teach progress DIR`: reads a class's exports and reports on them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Print a class's progress and write what is asked for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m unet_teach")
    commands = parser.add_subparsers(dest="command", required=True)
    progress = commands.add_parser("progress", help="report on the files that a class exported")
    progress.add_argument("folder", type=Path, help="holds the files, also in folders below it")
    progress.add_argument("--html", type=Path, metavar="FILE", help="write a page with a picture")
    progress.add_argument("--csv", type=Path, metavar="FILE", help="write a row for each mistake")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        print(f"{options.folder} is no folder. Name the one with your students' files.")
        return 2
    from unet_teach.exercises import ALL  # imports torch
    from unet_teach.exercises.class_report import ClassReport

    report = ClassReport(options.folder, ALL)
    print(report.table())
    if not report.students:
        print("There is no export here. Students write one with `exercises.export(name=…)`.")
        return 1
    for path, write in ((options.html, report.write_html), (options.csv, report.write_csv)):
        if path:
            try:
                write(path)
                print(f"Wrote {path}.")
            except OSError as error:
                print(f"{path} cannot be written ({error.strerror}). Try another folder or name.")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
