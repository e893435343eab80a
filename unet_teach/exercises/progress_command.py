"""`python -m unet_teach progress DIR`: reads a class's exports and reports on them."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from unet_teach.exercises import ALL
from unet_teach.exercises.class_report import ClassReport


def progress_command(arguments: Sequence[str]) -> int:
    """Print a class's progress and write what is asked for; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m unet_teach progress", description="Report on the files of a class."
    )
    parser.add_argument("folder", type=Path, help="holds the files, also in folders below it")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with a picture")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write a row for each mistake")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        print(f"{options.folder} is no folder. Name the one with your students' files.")
        return 2
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
                print(f"{path} can't be written ({error.strerror}). Try another folder or name.")
                return 1
    return 0
