"""The course's home: the repository on GitHub that badges, buttons and links lead to.

It is stored once, in pyproject.toml's URLs. `python3 course.py home OWNER/REPOSITORY` sets it and
writes anew what GitHub and other hosts read as plain files; the book reads it when it is built.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GITHUB = "https://github.com/"
STORED = re.compile(rf'^Repository = "{GITHUB}([^"]+)"$', re.M)
URLS = '[project.urls]\nRepository = "{}"\n\n'
BEFORE = "[tool.hatch.build.targets.wheel]\n"  # what follows the URLs in pyproject.toml
FIRST_LESSON = "notebooks/00_how_do_you_know.ipynb"
PLACEHOLDER = "OWNER/REPOSITORY"
BADGE = re.compile(r"(?<=<!-- home -->\n).*?(?=\n<!-- /home -->)", re.S)


def read(root: Path = ROOT) -> str:
    """Return the home as "OWNER/REPOSITORY", or "" while there is none."""
    found = STORED.search((root / "pyproject.toml").read_text(encoding="utf-8"))
    return found[1] if found else ""


def checked(given: str) -> str:
    """Return "OWNER/REPOSITORY"; the repository's address on GitHub is accepted too.

    Raises:
        ValueError: if it is neither; the message is a sentence for the reader.
    """
    name = re.sub(r"^(https?://)?(www\.)?github\.com/|(\.git)?/?$", "", given.strip())
    owner = "[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}"
    if name == PLACEHOLDER or not re.fullmatch(rf"{owner}/(?!\.+$)[A-Za-z0-9._-]{{1,100}}", name):
        raise ValueError(
            f"'{given}' is no repository on GitHub. A home is the owner's name, a slash and the "
            "repository's name, in letters, digits and - (after the slash also . and _): "
            "python3 course.py home ada/unet-course"
        )
    return name


def hosts(home: str, notebook: str) -> dict[str, str]:
    """Return the addresses that open a notebook of the repository, by the host's name."""
    return {
        "Binder": f"https://mybinder.org/v2/gh/{home}/main?urlpath=lab/tree/{notebook}",
        "Colab": f"https://colab.research.google.com/github/{home}/blob/main/{notebook}",
        "Kaggle": f"https://kaggle.com/kernels/welcome?src={GITHUB}{home}/blob/main/{notebook}",
    }


def book(home: str) -> str:
    """Return the address at which GitHub Pages serves the book."""
    owner, name = home.split("/")
    site = f"https://{owner.lower()}.github.io/"
    return site if name.lower() == f"{owner.lower()}.github.io" else f"{site}{name}/"


def in_readme(text: str, home: str) -> str:
    """Write the badge, or the sentence that stands in its place."""
    image = "[![Binder](https://mybinder.org/badge_logo.svg)]"
    badge = f"{image}({hosts(home, FIRST_LESSON)['Binder']}) [Read it as a book]({book(home)})"
    return BADGE.sub(lambda _: badge, text)


def in_hub(text: str, home: str) -> str:
    """Write the repository into the link that hands out the lessons."""
    quoted = home.replace("/", "%2F")
    return re.sub(r"(?<=github\.com%2F)[^&\s]+", lambda _: quoted, text)


def in_citation(text: str, home: str) -> str:
    """Write the addresses of code and book into CITATION.cff."""
    kept = re.sub(r"^(repository-code|url):.*\n", "", text, flags=re.M).rstrip("\n")
    return f'{kept}\nrepository-code: "{GITHUB}{home}"\nurl: "{book(home)}"\n'


def in_notebook(text: str, home: str) -> str:
    """Write the home into the cell that installs the course on Colab and Kaggle."""
    return re.sub(r'(?<="HOME = \\")[^"\\]*(?=\\")', lambda _: home, text, count=1)


# What is generated from the home: files that others read where no Python of the course runs.
NOTEBOOKS = [*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("notebooks/solved/*.ipynb")]
GENERATED: dict[str, Callable[[str, str], str]] = {
    **{path.relative_to(ROOT).as_posix(): in_notebook for path in NOTEBOOKS},
    "README.md": in_readme,
    "docs/hub.md": in_hub,
    "CITATION.cff": in_citation,
}


def write(given: str, root: Path = ROOT) -> list[str]:
    """Set the home and write what is generated from it; return the names of changed files.

    Raises:
        ValueError: for what is no home; nothing is written then.
    """
    home = checked(given)
    texts = {
        name: (root / name).read_text(encoding="utf-8")
        for name in ["pyproject.toml", *GENERATED]
        if (root / name).is_file()
    }
    project = texts["pyproject.toml"]
    line = f'Repository = "{GITHUB}{home}"'
    new = {name: GENERATED[name](text, home) for name, text in texts.items() if name in GENERATED}
    new["pyproject.toml"] = (
        STORED.sub(lambda _: line, project)
        if STORED.search(project)
        else project.replace(BEFORE, URLS.format(GITHUB + home) + BEFORE, 1)
    )
    changed = [name for name in new if new[name] != texts[name]]
    for name in changed:
        (root / name).write_text(new[name], encoding="utf-8")
    return sorted(changed)
