"""What the tests of the lessons read from their sources: cells, objectives and minutes."""

import re
from pathlib import Path

import jupytext

LESSONS = sorted((Path(__file__).parents[2] / "lessons").glob("[0-9][0-9]_*.py"))
SOLUTION = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.S)
# How long things take, in minutes: docs/objectives.md says the same to instructors.
WORDS_A_MINUTE = 200
A_CODE_LINE = 5 / 60
AN_EXERCISE, A_NEW_LINE_OF_ITS_SOLUTION = 2, 1
A_PREDICTION, A_STEP = 1, 0.75


def cells(lesson):
    """The cells of a lesson up to what is optional."""
    for cell in jupytext.read(lesson).cells:
        if cell.cell_type == "markdown" and re.search(
            r"^## (Going further|Project)", cell.source, re.M
        ):
            return
        yield cell


def minutes(lesson):
    """How long a lesson takes a student, without waiting for the computer."""
    total, known = 0.0, set()
    for cell in cells(lesson):
        source = cell.source
        if cell.cell_type == "markdown":
            prose = re.sub(r"```.*?```|\$\$.*?\$\$|!\[.*?\]\(.*?\)", "", source, flags=re.S)
            total += len(prose.split()) / WORDS_A_MINUTE
            continue
        total += source.count("Predict(\n") * A_PREDICTION
        if "steps=[" in source:
            steps = source.count("Step(") + len(re.findall(r'^\s+"[A-Z].*",$', source, re.M))
            total += steps * A_STEP
        if not cell.metadata.get("jupyter", {}).get("source_hidden"):
            given = SOLUTION.sub("", source).split("\n")
            ignored = ("import", "from", "assert")
            total += sum(bool(x.strip()) and not x.startswith(ignored) for x in given) * A_CODE_LINE
        if solution := "\n".join(SOLUTION.findall(source)).split("\n"):
            new = {line.strip() for line in solution if line.strip()} - known
            known |= new
            total += (AN_EXERCISE + len(new) * A_NEW_LINE_OF_ITS_SOLUTION) if new else 0
    return total


def stated(lesson):
    """The minutes that a lesson says it takes."""
    return int(re.search(r"^# \*(\d+) minutes", lesson.read_text(encoding="utf-8"), re.M)[1])


def objectives(lesson):
    """What the lesson says you can do afterwards."""
    text = lesson.read_text(encoding="utf-8").split("**After this lesson you can**")[1]
    return re.findall(r"^# - (.*?)[,.]$", text.split("\n#\n")[0], re.M)
