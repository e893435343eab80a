"""Puts the report on a page: verdict, drawing, criteria, and one line for the box pointed at.

It is HTML without scripts, because a notebook's front end runs none that it did not write. The line
is chosen by `:has()`; present mode is a popover, which every browser shows above the whole page.
"""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import replace

from unet_teach.inspection.diagram.geometry import (
    PRESENT,
    SCREEN,
    is_flat,
)
from unet_teach.inspection.diagram.model import CodeLine, CriterionVerdict, Drawing, Stop
from unet_teach.inspection.diagram.style import STYLE, line_rules
from unet_teach.inspection.diagram.svg import picture

FEW = 400  # characters of the words beside a drawing that may be large
MOST_CHARACTERS = 150  # of a line that has room for two lines of text
HINT = "Boxes to scale. Point at one, or go there with Tab, to see its layer."
NO_KEYS = "data-lm-suppress-shortcuts"  # JupyterLab looks for it on what has the focus
HIDDEN = 'style="display:none"'  # until the style applies, see `style`


def page(drawing: Drawing, note: str = "") -> str:
    """Return the report as a piece of HTML, with every text escaped."""
    drawn = ""
    if drawing.boxes:
        drawn = (
            f'<div class="udia-left"><div class="udia-frame" {HIDDEN}>{picture(drawing, SCREEN)}'
            '</div><p class="udia-off">The drawing appears when the cell is run.</p>'
            f"{_line(drawing, drawing.stop.error if drawing.stop else '')}</div>"
        )
    verdicts = _stopped(drawing.stop, drawing) if drawing.stop else _criteria(drawing)
    rest = "".join([_present_button(drawing), _ledger(drawing.stop), _findings(drawing)])
    facts = f'<p class="udia-facts">{html.escape(drawing.facts or drawing.title)}</p>'
    noted = f'<p class="udia-note">{_prose(note)}</p>' if note else ""
    return (
        f'<div class="udia"><style>{STYLE}{line_rules(len(drawing.boxes))}</style>'
        f'<div class="udia-view udia-page">{_head(drawing, facts)}{drawn}'
        f'<div class="udia-right">{verdicts}{noted}<div class="udia-more">{rest}</div></div>'
        f"</div>{_present(drawing)}</div>"
    )


def _prose(text: str) -> str:
    """Escape a text, and set as code what stands between backticks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def _head(drawing: Drawing, beside: str) -> str:
    """Return the verdict, and what is beside it."""
    sign, kind = ("✓", "met") if drawing.met else ("✕", "unmet")
    return (
        f'<div class="udia-head"><p class="udia-title"><span class="udia-{kind}">{sign}</span> '
        f"{html.escape(drawing.verdict)}</p>{beside}</div>"
    )


def _mark(criterion: CriterionVerdict) -> str:
    kind = {True: "met", False: "unmet", None: "open"}[criterion.met]
    return f'<span class="udia-{kind}">{criterion.sign}</span>'


def _named(criterion: CriterionVerdict) -> str:
    return f"{_mark(criterion)} <b>{html.escape(criterion.name)}</b>"


def _criteria(drawing: Drawing) -> str:
    if drawing.problem:
        return f"<p>{_prose(drawing.problem)}</p>"
    items = (
        f"<li>{_named(c)} <i>{html.escape(c.count)}</i><p>{_prose(c.summary)}</p></li>"
        for c in drawing.criteria
    )
    return f'<ul class="udia-criteria">{"".join(items)}</ul>'


def _stopped(stop: Stop, drawing: Drawing) -> str:
    code = _code(stop.code) if stop.code else ""
    items = (
        f"<li>{_named(c)} <span>{html.escape(c.summary)}</span></li>" for c in drawing.criteria
    )
    return f'{_reasons(stop)}{code}<ul class="udia-so-far">{"".join(items)}</ul>'


def _reasons(stop: Stop) -> str:
    step = f"<p><b>Next step.</b> {_prose(stop.next_step)}</p>" if stop.next_step else ""
    return f"<p><b>Why.</b> {_prose(stop.why)}</p>{step}"


def _code(code: CodeLine) -> str:
    """Return the line of code with its names underlined and their shapes beneath."""
    pieces, end = [], 0
    for start, stop, _ in code.shapes:
        pieces += [
            html.escape(code.source[end:start]),
            f"<u>{html.escape(code.source[start:stop])}</u>",
        ]
        end = stop
    marks = "".join(f"\n<em>{html.escape(mark)}</em>" for mark in code.marks())
    others = f"\n<small>{html.escape(code.others)}</small>" if code.others else ""
    return (
        f'<pre class="udia-code" tabindex="0"><small>{html.escape(code.where)}</small>\n'
        f"{''.join(pieces)}{html.escape(code.source[end:])}{marks}{others}</pre>"
    )


def _line(drawing: Drawing, error: str = "") -> str:
    """Return the line that says what a box is; of the hidden ones, style shows one."""
    details = "".join(
        f'<span class="udia-d{index} udia-detail">{html.escape(_shortened(box.detail))}</span>'
        for index, box in enumerate(drawing.boxes)
    )
    hint = _shortened(" ".join(error.split())) if error else HINT
    hint = f'<span class="udia-hint">{html.escape(hint)}</span>'
    return f'<p class="udia-line" {HIDDEN}>{hint}<span aria-hidden="true">{details}</span></p>'


def _shortened(text: str) -> str:
    """Return a text that fits; its middle is left out if it is too long."""
    half = (MOST_CHARACTERS - 3) // 2
    return text if len(text) <= MOST_CHARACTERS else f"{text[:half]} … {text[-half:]}"


def _findings(drawing: Drawing) -> str:
    """Return all evidence, or torch's whole message, behind a summary."""
    if drawing.stop:
        if not drawing.stop.error:
            return ""
        said = html.escape(drawing.stop.error)
        return (
            f'<details><summary>the error in full</summary><pre tabindex="0">{said}</pre></details>'
        )
    count = sum(len(criterion.sentences) for criterion in drawing.criteria)
    if not count:
        return ""
    found = "".join(
        f"<p>{_named(c)}</p><ul>{''.join(f'<li>{_prose(said)}</li>' for said in c.sentences)}</ul>"
        for c in drawing.criteria
    )
    return f"<details><summary>all {count} findings</summary>{found}</details>"


def _ledger(stop: Stop | None) -> str:
    """Return the call that opens the size ledger: a report cannot open a widget by itself."""
    if stop is None or not stop.ledger:
        return ""
    code = f"from unet_teach.widgets import SizeLedger\n\n{stop.ledger}"
    return (
        "<details><summary>size ledger at these sizes</summary><p>Run this in a cell of its own "
        f'(a click selects it):</p><pre class="udia-copy" tabindex="0">{html.escape(code)}</pre>'
        "</details>"
    )


def _present_id(drawing: Drawing) -> str:
    """Return an identifier that is the same for equal drawings, and different for others."""
    return f"udia-{hashlib.sha256(repr(drawing).encode()).hexdigest()[:12]}"


def _present_button(drawing: Drawing) -> str:
    if not drawing.boxes:
        return ""
    title = "Whole window, large type. Escape leaves."
    return (
        f'<button type="button" class="udia-button" {HIDDEN} title="{title}" '
        f'popovertarget="{_present_id(drawing)}">⤢ present</button>'
    )


def _present(drawing: Drawing) -> str:
    """Return the same drawing for a whole screen, with the sentence that explains it.

    The focus goes into it, where JupyterLab hears no key: "d d" deletes no cell under it.
    """
    if not drawing.boxes:
        return ""
    name = _present_id(drawing)
    grid, beside = PRESENT, ""
    has_one_arm = not any(box.arm == "decoder" and box.reached for box in drawing.boxes)
    found = "".join(
        f"<p>{_named(c)}: {_prose(c.summary)}</p>" for c in drawing.criteria if c.summary
    )
    under = f"<p>{_prose(drawing.stop.why)}</p>" if drawing.stop else found
    if has_one_arm and (drawing.stop or not is_flat(drawing)):  # words fill the other half
        words = _reasons(drawing.stop) if drawing.stop else found
        large = 'class="udia-words udia-large"' if len(words) < FEW else 'class="udia-words"'
        under, beside = "", f"<div {large}>{words}</div>"
        grid = replace(PRESENT, width=600 if is_flat(drawing) else 560)
    elif drawing.stop:
        grid = replace(PRESENT, height=500)
    elif is_flat(drawing):  # one row leaves room for what was found
        grid = replace(PRESENT, height=300)
    else:
        marks = (f"<span>{_mark(c)} {html.escape(c.name)}</span>" for c in drawing.criteria)
        under = f'<p class="udia-marks">{"".join(marks)}</p>'
    leave = (
        f'<button type="button" autofocus {NO_KEYS} class="udia-button" popovertarget="{name}" '
        'popovertargetaction="hide">⤢ leave</button>'
    )
    return (
        f'<div popover id="{name}" class="udia-view udia-present" tabindex="-1" {NO_KEYS} {HIDDEN}>'
        f"{_head(drawing, leave)}{under}"
        f'<div class="udia-drawn">{picture(drawing, grid, NO_KEYS)}{beside}</div>'
        f"{_line(drawing)}</div>"
    )
