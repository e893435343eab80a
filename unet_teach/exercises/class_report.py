"""What a class has solved and which mistakes it made, from the files that its students exported."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import combinations
from pathlib import Path

from unet_teach.exercises.exercise import Exercise
from unet_teach.exercises.export_file import FORMATS, Export, read_export, write_rows
from unet_teach.exercises.progress_file import ProgressEntry

TEMPLATE = Path(__file__).with_name("class_report.html")
UNNAMED = "unet_progress"  # what `export` calls a file without being told
MANY = 8  # more exercises than one lesson has
SAME = 3  # exercises solved in the same second by two students
FEWEST = 3  # students who tried an exercise before a share of them is worth a word


@dataclass(frozen=True)
class ExerciseCount:
    """How a class did in one exercise.

    Attributes:
        exercise: the exercise.
        students: how many students the class has.
        tried: how many began: gave a wrong answer, read a hint or the solution, or solved it.
        solved: how many solved it, of them `at_once` without a wrong answer.
        attempts, hints: the medians of those who tried.
        read: how many read the solution first.
        mistakes: (name, how many made it), most frequent first.
    """

    exercise: Exercise
    students: int
    tried: int
    solved: int
    at_once: int
    attempts: float
    hints: float
    read: int
    mistakes: tuple[tuple[str, int], ...]

    def sentence_of(self, mistake: str) -> str:
        """Return what a student reads who makes this mistake."""
        return next(m.sentence for m in self.exercise.mistakes if m.name == mistake)


class ClassReport:
    """The exports in a folder and below it, one for each student.

    Attributes:
        students: what each has done; several files of one student are merged.
        remarks: sentences about files that are damaged, duplicate or implausible.
        counts: one for each exercise, in the order of the lessons.
    """

    def __init__(self, folder: Path, exercises: Sequence[Exercise]) -> None:
        self.exercises = exercises
        self.remarks: list[str] = []
        self.students: dict[str, dict[str, ProgressEntry]] = {}
        self._now = datetime.now(timezone.utc)
        files: dict[str, list[str]] = defaultdict(list)
        names: dict[str, str] = {}  # as first written, by the name without regard to case
        found = (path for path in sorted(folder.rglob("*")) if path.suffix in FORMATS)
        for path in found:
            place = path.relative_to(folder)
            if any(part.startswith(".") for part in place.parts):
                continue
            try:
                export = read_export(path)
            except ValueError as refusal:
                self.remarks.append(str(refusal))
                continue
            name = export.student or (path.parent.name if path.stem == UNNAMED else path.stem)
            name = names.setdefault(name.casefold(), name)
            files[name].append(str(place))
            self.remarks += [f"{place}: {doubt}." for doubt in self._doubts(export)]
            known = self.students.setdefault(name, {})
            for exercise in self.exercises:
                entry = export.entries.get(exercise.name, ProgressEntry())
                known[exercise.name] = known.get(exercise.name, ProgressEntry()).merged_with(entry)
        for name, places in files.items():
            if len(places) > 1:
                self.remarks.append(f"{name} has {len(places)} files, merged: {', '.join(places)}.")
        self.remarks += self._same_times()
        self.files = sum(map(len, files.values()))
        self.counts = [self._count(exercise) for exercise in exercises]

    def _doubts(self, export: Export) -> Iterator[str]:
        known = {exercise.name: exercise for exercise in self.exercises}
        if unknown := export.entries.keys() - known.keys():
            yield f"it names {', '.join(sorted(unknown))}, which this course does not have"
        for name in known.keys() & export.entries.keys():
            entry, exercise = export.entries[name], known[name]
            if foreign := set(entry.mistakes) - {mistake.name for mistake in exercise.mistakes}:
                yield f"{name} has no known mistake called {', '.join(sorted(foreign))}"
            if len(entry.mistakes) > len(entry.attempts):
                yield f"{name} has more known mistakes than attempts"
            if entry.hints > len(exercise.hints):
                yield f"{name} has {entry.hints} hints read, of {len(exercise.hints)}"
        times = sorted(
            datetime.fromisoformat(e.solved) for e in export.entries.values() if e.solved
        )
        if times and times[-1] > self._now + timedelta(days=1):
            yield f"an exercise was solved on {times[-1]:%Y-%m-%d}, which is yet to come"
        quick = zip(times, times[MANY:], strict=False)
        if any(last - first < timedelta(minutes=1) for first, last in quick):
            yield f"more than {MANY} exercises were solved within one minute"

    def _same_times(self) -> Iterator[str]:
        """Say which students solved several exercises in the same second: one file was copied."""
        solvers: dict[tuple[str, str], list[str]] = defaultdict(list)
        for student, entries in self.students.items():
            for name, entry in entries.items():
                if entry.solved:
                    solvers[name, entry.solved].append(student)
        pairs = Counter(pair for group in solvers.values() for pair in combinations(group, 2))
        for (one, other), times in pairs.items():
            if times >= SAME:
                yield f"{one} and {other} solved {times} exercises in the same second."

    def _count(self, exercise: Exercise) -> ExerciseCount:
        entries = [student[exercise.name] for student in self.students.values()]
        tried = [entry for entry in entries if entry.state != "untouched"]
        solved = [entry for entry in tried if entry.solved]
        known = [mistake.name for mistake in exercise.mistakes]
        made = Counter(name for entry in tried for name in entry.mistakes if name in known)
        return ExerciseCount(
            exercise=exercise,
            students=len(entries),
            tried=len(tried),
            solved=len(solved),
            at_once=sum(not entry.attempts for entry in solved),
            attempts=statistics.median(len(entry.attempts) for entry in tried) if tried else 0,
            hints=statistics.median(entry.hints for entry in tried) if tried else 0,
            read=sum(entry.solution_read for entry in tried),
            mistakes=tuple(made.most_common()),
        )

    @property
    def frequent(self) -> list[tuple[ExerciseCount, str, int]]:
        """The mistakes with the largest share of those who tried: exercise, name, how many."""
        all_made = [
            (count, name, made)
            for count in self.counts
            for name, made in count.mistakes
            if count.tried >= FEWEST
        ]
        return sorted(all_made, key=lambda row: row[2] / row[0].tried, reverse=True)[:5]

    def solved_by(self) -> Mapping[str, int]:
        """Return how many exercises each student solved."""
        return {
            student: sum(bool(entry.solved) for entry in entries.values())
            for student, entries in sorted(self.students.items(), key=lambda row: row[0].casefold())
        }

    def table(self) -> str:
        """Return a line for each exercise, then the remarks, for a terminal."""
        head = f"{'':2}{'exercise':18}{'tried':>6}{'solved':>7}{'wrong':>6}{'hints':>6}{'read':>6}"
        lines = [
            f"{len(self.students)} students, {self.files} files.",
            "wrong, hints: the median of those who tried. read: read the solution first.",
            "",
            f"{head}  most frequent mistake",
        ]
        for count in self.counts:
            row = (
                f"{count.exercise.lesson:<2}{count.exercise.name:18}{count.tried:6}{count.solved:7}"
            )
            row += f"{count.attempts:6g}{count.hints:6g}{count.read:6}"
            for name, made in count.mistakes[:1]:
                row += f"  {made} of {count.tried}: {name}"
            lines.append(row)
        if self.remarks:
            lines += ["", "Files to look at:", *(f"- {remark}" for remark in self.remarks)]
        return "\n".join(lines)

    def write_csv(self, path: Path) -> None:
        """Write a row for each exercise and each of its mistakes.

        Raises:
            OSError: the file cannot be written.
        """
        rows = []
        for count in self.counts:
            about = {"lesson": count.exercise.lesson, "exercise": count.exercise.name}
            about |= {"students": count.students, "tried": count.tried, "solved": count.solved}
            about |= {"read_solution": count.read}
            about |= {"median_attempts": count.attempts, "median_hints": count.hints}
            for name, made in count.mistakes or (("", 0),):
                rows.append(about | {"mistake": name, "made_by": made})
        write_rows(path, rows)

    def write_html(self, path: Path) -> None:
        """Write a page with the picture by exercise and mistake; it needs no network.

        Raises:
            OSError: the file cannot be written.
        """
        from jinja2 import Environment  # torch depends on it

        template = Environment(autoescape=True).from_string(TEMPLATE.read_text(encoding="utf-8"))
        path.write_text(template.render(report=self, day=f"{self._now:%Y-%m-%d}"), encoding="utf-8")
