"""The style of the report, in the colours of light and dark pages."""

from __future__ import annotations

from collections.abc import Mapping

from unet_teach.shared.palette import (
    DIAGRAM,
    DIAGRAM_DARK,
    DIAGRAM_TEXT,
    DIAGRAM_TEXT_DARK,
)


def _custom_properties(lines: Mapping[str, str], text: Mapping[str, str]) -> str:
    named = {**lines, **{f"{name}-word": colour for name, colour in text.items()}}
    return ";".join(f"--{name}:{colour}" for name, colour in named.items())


_LIGHT = _custom_properties(DIAGRAM, DIAGRAM_TEXT) + (
    ";--tint:20%;--focus:#bd7e00;--text:#1b2530;--quiet:#4b5865;--ground:#fff;--panel:#f3f5f7;--rule:#d5dae0;"
    "--arrow:#7b8794"
)
_DARK = _custom_properties(DIAGRAM_DARK, DIAGRAM_TEXT_DARK) + (
    ";--tint:25%;--focus:#e69f00;--text:#eceff1;--quiet:#b4bec8;--ground:#111;--panel:#22272c;--rule:#3d454d;"
    "--arrow:#87939f"
)

STYLE = f"""
.udia{{{_LIGHT};container-type:inline-size;max-width:1180px;color:var(--text);
font:15px/1.4 var(--jp-ui-font-family,system-ui,sans-serif);font-variant-numeric:tabular-nums}}
[data-jp-theme-light="false"] .udia{{{_DARK}}}
@media(prefers-color-scheme:dark){{body:not([data-jp-theme-light]) .udia{{{_DARK}}}}}
.udia *{{box-sizing:border-box}}
.udia p,.udia ul:is(.udia-criteria,.udia-so-far){{margin:0;padding:0}}
.udia-page{{display:grid;gap:10px 28px;grid-template-columns:minmax(0,56fr) minmax(0,44fr);
align-items:start;padding:6px 4px}}
.udia-head{{grid-column:1/-1;display:flex;flex-wrap:wrap;justify-content:space-between;
align-items:baseline;gap:2px 24px;min-width:0}}
.udia .udia-title{{font-size:22px;font-weight:700;line-height:1.25;overflow-wrap:anywhere}}
.udia-facts{{font-size:13px;color:var(--quiet);overflow-wrap:anywhere}}
.udia-met{{color:var(--met-word)}}.udia-unmet{{color:var(--unmet-word)}}
.udia-open{{color:var(--quiet)}}
.udia :is(.udia-met,.udia-unmet,.udia-open){{font-weight:700}}
.udia-right{{min-width:0;overflow-wrap:anywhere}}.udia-head+.udia-right{{grid-column:1/-1;
max-width:760px}}
.udia .udia-right :is(code,pre){{font:13px/1.5 var(--jp-code-font-family,ui-monospace,monospace);
color:inherit;background:none;padding:0}}
.udia .udia-right>p{{margin:0 0 8px}}
.udia ul:is(.udia-criteria,.udia-so-far){{list-style:none}}
.udia-criteria li{{display:grid;grid-template-columns:24px 1fr auto;margin:0;padding:9px 0}}
.udia-criteria li+li,.udia-so-far li{{border-top:1px solid var(--rule)}}
.udia-criteria p{{grid-column:2/-1}}
.udia-criteria i{{font-style:normal;font-size:13px;color:var(--quiet)}}
.udia-so-far li{{display:grid;grid-template-columns:24px 14.2em 1fr;margin:0;padding:4px 0}}
.udia-so-far li>span:last-child{{font-size:13px;color:var(--quiet);align-self:center}}
.udia .udia-right pre{{margin:4px 0 8px;padding:6px 12px;background:var(--panel);overflow-x:auto;
white-space:pre}}
.udia .udia-right pre.udia-code{{border-left:3px solid var(--mismatch);font-weight:600}}
.udia-code small{{font-size:13px;font-weight:400;color:var(--quiet)}}
.udia-code u{{text-underline-offset:3px;text-decoration-thickness:2px;
text-decoration-color:var(--mismatch)}}
.udia-code em{{font-style:normal;color:var(--unmet-word)}}
.udia .udia-right pre.udia-copy{{white-space:pre-wrap;user-select:all}}
.udia .udia-line{{display:block!important;height:2.8em;margin-top:8px;font-size:14px;
color:var(--quiet);overflow:hidden;overflow-wrap:anywhere}}
.udia-detail{{display:none;color:var(--text)}}
.udia-view:has(.udia-box:is(:hover,:focus)) .udia-hint{{display:none}}
/* What opens is below its summary, which stays where it is. */
.udia-more{{margin-top:12px}}.udia-more details{{display:inline}}
.udia summary,.udia .udia-button{{display:inline-block!important;
width:fit-content;margin:0 8px 6px 0;
font:inherit;font-size:14px;padding:3px 12px;color:inherit;background:var(--ground);cursor:pointer;
border:1px solid var(--arrow);border-radius:7px}}
.udia :is(summary,.udia-button):hover{{background:var(--panel)}}
.udia :is(summary,.udia-button,pre):focus-visible{{outline:3px solid var(--focus);
outline-offset:2px}}
.udia details>:is(p,ul){{margin:8px 0 2px}}.udia details ul{{padding-left:40px}}
.udia-frame{{display:block!important;max-width:660px}}.udia-frame svg{{max-height:420px}}
.udia-off{{display:none}}
.udia svg{{display:block;width:100%;height:auto;overflow:visible}}
.udia text{{fill:var(--text);font-family:inherit}}.udia-size{{font-weight:700}}
.udia .udia-small{{fill:var(--quiet)}}
.udia path{{fill:none}}
.udia-box{{outline:none;cursor:default}}.udia .udia-area{{fill:transparent}}
.udia rect{{--hue:var(--encoder);stroke:var(--hue);stroke-width:calc(.75px*var(--width));
fill:color-mix(in srgb,var(--hue) var(--tint),var(--ground))}}
.udia-decoder rect{{--hue:var(--decoder)}}.udia-failed rect{{--hue:var(--mismatch)}}
.udia .udia-failed .udia-size{{fill:var(--unmet-word)}}
.udia-unreached rect{{stroke:var(--missing);
stroke-dasharray:calc(2px*var(--width)) calc(1.5px*var(--width));fill:url(#udia-hatch)}}
.udia-hatch{{stroke:var(--missing);stroke-width:1}}
.udia-box:is(:hover,:focus) rect{{stroke-width:calc(1.75px*var(--width))}}
.udia-box:focus .udia-area{{stroke:var(--focus);stroke-width:calc(1.25px*var(--width))}}
.udia-arrow{{stroke:var(--arrow);stroke-width:calc(.7px*var(--width))}}
.udia-tip{{fill:var(--arrow)}}
.udia-ahead,.udia-not-reached{{stroke:var(--missing);stroke-width:calc(.6px*var(--width));
stroke-dasharray:calc(2px*var(--width)) calc(2px*var(--width))}}
.udia-skip{{stroke:var(--skip);stroke-width:var(--width);
stroke-dasharray:calc(3px*var(--width)) calc(2px*var(--width))}}
.udia-missing{{stroke:var(--missing);stroke-width:calc(.75px*var(--width));
stroke-dasharray:calc(1px*var(--width)) calc(2.5px*var(--width))}}
.udia-mismatch{{stroke:var(--mismatch);stroke-width:var(--width);
stroke-dasharray:calc(3px*var(--width)) calc(2px*var(--width))}}
.udia .udia-of-skip{{fill:var(--skip-word)}}
.udia :is(.udia-of-missing,.udia-of-mismatch){{fill:var(--unmet-word)}}
.udia .udia-of-mismatch{{font-weight:700}}
.udia-stop{{fill:var(--ground);stroke:var(--mismatch);stroke-width:var(--width)}}
.udia-cross{{stroke:var(--mismatch);stroke-width:calc(1.2px*var(--width))}}
@container(max-width:859px){{.udia-page>*{{grid-column:1/-1}}}}
@container(max-width:480px){{.udia .udia-line{{height:4.2em}}.udia-frame{{overflow-x:auto}}
.udia-frame svg{{min-width:calc(.85px*var(--units))}}
.udia-so-far li{{grid-template-columns:24px 1fr}}
.udia-so-far li>span:last-child{{grid-column:2}}}}
@container(max-width:330px){{.udia .udia-line{{height:7em}}}}
.udia-present:popover-open{{--u:min(100vw/1280,100vh/720);--quiet:var(--text);
display:flex!important;
flex-direction:column;gap:calc(4*var(--u));position:fixed;inset:0;width:100vw;height:100vh;
max-width:none;max-height:none;margin:0;border:0;padding:calc(12*var(--u)) calc(24*var(--u));
overflow:hidden;overscroll-behavior:contain;color:var(--text);background:var(--ground);
font-size:calc(24*var(--u))}}
.udia-present{{--text:#000}}[data-jp-theme-light="false"] .udia-present{{--text:#fff;--ground:#000}}
@media(prefers-color-scheme:dark){{body:not([data-jp-theme-light]) .udia-present{{--text:#fff;
--ground:#000}}}}
.udia .udia-present .udia-title{{font-size:calc(36*var(--u));flex:1}}
.udia-present .udia-head{{flex-wrap:nowrap}}.udia .udia-present .udia-button{{margin:0;
color:var(--ground);background:var(--text)}}
.udia-present :is(p,code,.udia-button){{font-size:calc(24*var(--u))!important}}
.udia-present .udia-title{{font-size:calc(36*var(--u))!important}}
.udia-marks{{display:flex;flex-wrap:wrap;gap:0 calc(36*var(--u))}}
.udia-drawn{{flex:1;display:flex;min-height:0;gap:calc(36*var(--u))}}
.udia-present svg{{flex:1;min-width:0;height:100%}}
.udia-words{{flex:1;display:flex;flex-direction:column;justify-content:space-evenly}}
.udia-present .udia-large :is(p,code){{font-size:calc(32*var(--u))!important}}
@media(forced-colors:active){{.udia,.udia-present{{--text:CanvasText!important;
--ground:Canvas!important;--quiet:CanvasText!important;--skip-word:CanvasText!important}}}}
.udia .udia-present .udia-line{{height:auto;min-height:1.4em;flex:none;color:var(--text)}}
"""


def line_rules(count: int) -> str:
    """Return rules by which the box that is pointed at, or else the focused one, has the line."""
    return "".join(
        f".udia-view:has(.udia-b{i}:hover) .udia-d{i},.udia-view:not(:has(.udia-box:hover))"
        f":has(.udia-b{i}:focus) .udia-d{i}{{display:inline}}"
        for i in range(count)
    )
