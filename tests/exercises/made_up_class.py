"""Writes the exports of a made-up class into a folder, some of them damaged or implausible.

`python -m tests.exercises.made_up_class DIR [--students 200]`, then
`python -m unet_teach progress DIR --html class.html` shows what the report makes of them.
"""

from __future__ import annotations

import argparse
import random
import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path

from unet_teach import exercises
from unet_teach.exercises.export_file import noted, row_of, write_rows
from unet_teach.exercises.progress_file import ProgressEntry

BEGUN = datetime(2026, 3, 2, 9, tzinfo=timezone.utc)


def made_up_rows(student: str, chance: random.Random) -> list[dict[str, object]]:
    """Return the rows of a student who gets some way through the course."""
    skill, reached = chance.uniform(0.3, 0.95), chance.triangular(0.2, 1.05, 0.8)
    rows, time = [], BEGUN + timedelta(minutes=chance.uniform(0, 5000))
    for place, exercise in enumerate(exercises.ALL):
        entry = ProgressEntry()
        if place / len(exercises.ALL) < reached:
            wrong = 0 if chance.random() < skill * 0.6 else chance.randint(1, 4)
            weights = [1 / (1 + rank) for rank in range(len(exercise.mistakes))]
            made = {m.name for m in chance.choices(exercise.mistakes, weights, k=wrong)}
            solved = chance.random() < skill
            time += timedelta(seconds=chance.uniform(60, 1500))
            entry = ProgressEntry(
                attempts=tuple(map(str, range(wrong))),
                hints=chance.randint(0, min(wrong + 1, len(exercise.hints))),
                solved=time.isoformat(timespec="seconds") if solved else "",
                solution_read=wrong > 1 and chance.random() < 0.3,
                mistakes=tuple(made),
            )
        rows.append(row_of(student, exercise.lesson, exercise.name, entry))
    return noted(rows)


def write_class(folder: Path, students: int = 200, seed: int = 0) -> None:
    """Write one file for each student, and eight that the report has to name."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)
    names = [f"Student {number:03}" for number in range(1, students + 1)]
    for i, name in enumerate(names):
        path = folder / f"{name.replace(' ', '_')}{'.json' if i % 10 == 3 else '.csv'}"
        write_rows(path, made_up_rows(name, chance))
    whole = (folder / "Student_001.csv").read_text(encoding="utf-8")
    cut = whole.index(",", whole.index("\n", len(whole) // 2))  # inside a row
    (folder / "cut_off.csv").write_text(whole[:cut], encoding="utf-8")
    between = whole.index("\n", len(whole) // 2) + 1  # two rows
    (folder / "cut_between.csv").write_text(whole[:between], encoding="utf-8")
    (folder / "grades.csv").write_text("name;points\nA;3\n", encoding="utf-8")
    (folder / "lab").mkdir(exist_ok=True)
    shutil.copy(folder / "Student_002.csv", folder / "lab" / "unet_progress.csv")
    copied = whole.replace("Student 001", "A Copy")
    (folder / "a_copy.csv").write_text(copied, encoding="utf-8")
    at_once = made_up_rows("All At Once", chance)
    for row in at_once:
        row |= {"state": "solved", "attempts": 0, "mistakes": "", "solved_at": BEGUN.isoformat()}
    write_rows(folder / "at_once.csv", at_once)
    future = [dict(row, student="From The Future") for row in at_once]
    future[0] |= {"solved_at": (BEGUN + timedelta(days=36_500)).isoformat(), "hints": 99}
    write_rows(folder / "future.json", future)
    formula = made_up_rows('=HYPERLINK("http://127.0.0.1")<script>alert(1)</script>', chance)
    write_rows(folder / "formula.csv", formula)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the exports of a made-up class.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--students", type=int, default=200)
    options = parser.parse_args()
    write_class(options.folder, options.students)
