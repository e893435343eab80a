"""The book's first page: the question, a living U-Net, what you learn, and the lessons."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import home

LEAD = (
    "Ten lessons in PyTorch. You predict what a layer does, play with it until you see why, and "
    "prove it in code. A wrong answer tells you what to look at next."
)
ABILITIES = [
    ("Say how large a feature map leaves any layer, without running it", "01_downsampling"),
    ("Repair “sizes of tensors must match” at the right place", "03_skip_connections"),
    ("Write a U-Net of your own, and train it", "04_symmetric_architecture"),
    ("Judge any network by the four criteria, with evidence", "07_is_it_a_unet"),
]
MORE = [
    ("playground.html", "Widgets", "every widget on one page, without a notebook"),
    ("why_it_fails.html", "Why does mine fail?", "paste PyTorch's message, read its cause"),
    ("the_document.html", "The document", "the one-page note that the lessons follow and test"),
    ("glossary.html", "Glossary", "each term, and the lesson that introduces it"),
    ("objectives.html", "Objectives", "what each lesson is for, and which exercise shows it"),
    ("gallery.html", "Gallery", "36 public networks, judged and drawn"),
    ("instructor.html", "For instructors", "plans for 50 and 90 minutes, misconceptions"),
    ("live_demo.html", "Live demo", "50 minutes of scenes for a class"),
]
PICTURE = (  # build.py draws it
    '<img src="_images/living_unet.png" width="1144" height="594" alt="A noisy image of lines and '
    "rings goes in on the left. Its feature maps shrink from 96×96 to 12×12 and grow back, with "
    'three skip connections across. The parts of lines that lie in rings come out on the right.">'
)


def front_page(lessons: Sequence[dict[str, Any]], pages: Sequence[str], where: str) -> str:
    """Return the page as MyST Markdown.

    Args:
        lessons: number, name, title and minutes of each.
        pages: names of the other pages, in the order of the navigation.
        where: the course's home, or "".
    """
    first, hours = lessons[0]["name"], round(sum(each["minutes"] for each in lessons) / 60)
    hosts = home.hosts(where, f"notebooks/{first}.ipynb") if where else {}
    buttons = [f'<a class="button first" href="{first}.html">Start reading</a>']
    buttons += [
        f'<a class="button" href="{html.escape(url)}">{host}</a>' for host, url in hosts.items()
    ]
    no_home = "" if where else " To work in the notebooks, download them from their pages."
    abilities = [f'<li><a href="{name}.html">{text}</a></li>' for text, name in ABILITIES]
    rows = [
        f'<li><span>{each["number"]}</span> <a href="{each["name"]}.html">'
        f"{html.escape(each['title'])}</a> <span>{each['minutes']} min</span></li>"
        for each in lessons
    ]
    more = [f'<li><a href="{url}">{name}</a> <span>{text}</span></li>' for url, name, text in MORE]
    toctree = "\n".join([*(each["name"] for each in lessons), *pages])
    return f"""---
html_theme.sidebar_secondary.remove: true
---

# How do you know if it’s a U‑Net?

<div class="front">
<div class="hero">
<p class="lead">{LEAD}</p>
<p class="buttons">{"".join(buttons)}</p>
<p class="small">Nothing to install to read it. About {hours} hours in all.{no_home}</p>
</div>
<div class="live" data-bundle="see_inside" data-state="living_unet">{PICTURE}</div>
<section class="learn" aria-labelledby="learn"><h2 id="learn">What you’ll be able to do</h2>
<ul class="abilities">{"".join(abilities)}</ul></section>
<section class="lessons" aria-labelledby="lessons"><h2 id="lessons">Lessons</h2>
<ol class="lesson-list">{"".join(rows)}</ol></section>
<section class="more" aria-labelledby="more"><h2 id="more">Beside the lessons</h2>
<ul class="more-list">{"".join(more)}</ul></section>
</div>

```{{toctree}}
:hidden:

{toctree}
```
"""
