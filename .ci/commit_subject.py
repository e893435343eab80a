"""Check a commit message: a subject of at most 72 characters, then an empty line.

Run `python .ci/commit_subject.py FILE`; pre-commit passes the file in which git keeps the message.
"""

import sys
from pathlib import Path

LONGEST = 72  # characters: `git log --oneline` shows them whole on 80 columns
SCISSORS = "# ------------------------ >8 ---"  # `git commit --verbose` shows the diff below


def problem(message: str) -> str:
    """Return what is wrong with a message as a sentence, or "". What git adds to it is left out."""
    written = message.partition(SCISSORS)[0].splitlines()
    text = "\n".join(line for line in written if not line.startswith("#")).strip()
    subject, _, rest = text.partition("\n")
    if not subject:
        return "The commit message is empty. Write a subject: what the commit does, to which part."
    if len(subject) > LONGEST:
        return (
            f"The subject has {len(subject)} characters, and at most {LONGEST} fit. "
            "Shorten it, and move the reason into the body."
        )
    if rest and not rest.startswith("\n"):
        return "The subject is followed by text. Leave an empty line between subject and body."
    return ""


if __name__ == "__main__":
    sys.exit(problem(Path(sys.argv[1]).read_text(encoding="utf-8")) or 0)
