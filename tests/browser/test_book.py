"""The book, built once and read over http: live, in both themes, on a phone, asking nobody else."""

import functools
import gzip
import html.parser
import importlib
import json
import re
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from benchmarks.book import visit

from .lab import axe_violations, new_page

ROOT = Path(__file__).parents[2]
SOLVED = sorted((ROOT / "notebooks" / "solved").glob("[0-9][0-9]_*.ipynb"))
DOCUMENTS = ["the_document", "glossary", "objectives", "gallery", "use_elsewhere", "hosts"]
DOCUMENTS += ["instructor", "grading", "hub", "demo"]
ABORTED = "net::ERR_ABORTED"  # what was still loading when the next page was opened
NO_WIDGET = {"bundle": ""}
WIDGET_TEXT = r"(?!NextLesson)[A-Z]\w+ · |Predict:|SeeInside|CellCounter"
OF_NO_PAGE = ("", "next_lesson")  # the button that shuts a kernel down has no place on a page
READ = ["index", "01_downsampling", "glossary"]  # these are judged by axe
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the book, built as `course.py book` builds it."""
    folder = tmp_path_factory.mktemp("site") / "book"
    command = [sys.executable, "docs/book/build.py", "--output", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return folder


class Server(SimpleHTTPRequestHandler):
    """Serves the site and says nothing."""

    def log_message(self, *_: object) -> None:
        """Write no log."""


@pytest.fixture(scope="module")
def address(site):
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Server, directory=site))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def reader(browser, address):
    """A page whose requests, failures and errors are kept in its lists."""
    page = new_page(browser, viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    page.asked, page.wrong = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("response", lambda r: r.status < 400 or page.wrong.append(f"{r.status} {r.url}"))
    page.on("requestfailed", lambda r: r.failure == ABORTED or page.wrong.append(f"failed {r.url}"))
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    yield page
    page.close()


def wake_all(page):
    """Wait until every widget of the page is live."""
    for place in page.locator(".live").all():
        place.evaluate("(place) => place.scrollIntoView({ block: 'center' })")
        expect(place).to_have_attribute("data-awake", "")


def widgets_of(path):
    return sum(
        output.get("metadata", {}).get("unet_teach_widget", NO_WIDGET)["bundle"] not in OF_NO_PAGE
        for cell in nbformat.read(path, as_version=4).cells
        for output in cell.get("outputs", [])
    )


@pytest.mark.parametrize("name", ["index", *(path.stem for path in SOLVED), *DOCUMENTS, "search"])
def test_a_page_is_live_fits_a_phone_and_asks_nobody_else(reader, address, name):
    reader.asked.clear()
    reader.wrong.clear()
    reader.goto(f"{address}{name}.html")
    wake_all(reader)
    path = ROOT / "notebooks" / "solved" / f"{name}.ipynb"
    expected = widgets_of(path) if path.exists() else int(name == "index")
    assert reader.locator(".live[data-awake]").count() == expected
    assert reader.locator(".live .text-form").count() == 0
    wide = reader.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    assert reader.locator("h1:visible").count() == 1
    elsewhere = [u for u in reader.asked if not u.startswith((address, "data:", "blob:"))]
    assert (elsewhere, reader.wrong) == ([], [])


def test_the_solved_notebooks_hold_every_widget_that_they_show():
    shown = sum(
        bool(re.match(WIDGET_TEXT, output.get("data", {}).get("text/plain", "")))
        for path in SOLVED
        for cell in nbformat.read(path, as_version=4).cells
        for output in cell.get("outputs", [])
    )
    assert sum(map(widgets_of, SOLVED)) >= max(shown, 30)


def test_nothing_to_read_is_cut_off_and_folded_code_is_behind_a_click(blank_page, address):
    page = blank_page(viewport={"width": 1280, "height": 800})
    for name in ("03_skip_connections", "06_take_it_apart", "09_from_mask_to_cells"):
        page.goto(f"{address}{name}.html")
        cut = """(all) => all.filter((box) => box.checkVisibility() &&
          box.scrollWidth > box.clientWidth + 1).map((box) => box.textContent)"""
        assert page.locator(".bd-article :is(pre, table)").evaluate_all(cut) == []
    page.goto(f"{address}03_skip_connections.html")
    code = page.get_by_text("def fit(keep)")
    expect(code).not_to_be_visible()
    page.locator("details", has=code).locator("summary").click()
    expect(code).to_be_visible()
    assert "Predict(\n" not in "".join(page.locator(".bd-article .highlight").all_text_contents())
    page.set_viewport_size({"width": 390, "height": 800})
    outputs = page.locator(".bd-article .cell_output pre").evaluate_all(
        "(all) => all.every((box) => box.scrollWidth <= box.clientWidth)"
    )
    assert outputs


def test_a_page_says_that_it_keeps_no_progress(reader, address):
    reader.goto(f"{address}00_how_do_you_know.html")
    wake_all(reader)
    progress = reader.locator(".live[data-bundle='progress_map']").first
    expect(progress).to_contain_text("This page keeps no progress.")
    expect(progress).to_contain_text("0 of 46")
    assert reader.get_by_text("needs your attention").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong(blank_page, address, scheme):
    page = blank_page(viewport={"width": 1280, "height": 800}, color_scheme=scheme)
    for name in READ:
        page.goto(f"{address}{name}.html")
        expect(page.locator("body")).to_have_attribute(
            "data-jp-theme-light", str(scheme == "light").lower()
        )
        wake_all(page)
        assert axe_violations(page, "html", colours=scheme == "dark") == [], name


def test_a_slider_moves_the_picture_and_the_theme_button_takes_the_widgets_along(browser, address):
    page = new_page(browser, viewport={"width": 1280, "height": 800}, color_scheme="light")
    page.goto(f"{address}01_downsampling.html")
    widget = page.locator('.live[data-bundle="explorer"]').first
    wake_all(page)  # otherwise what wakes above the slider moves it while it is dragged
    result = widget.locator(".ut").first
    expect(result).to_contain_text("8×8 → 4×4")
    slider = widget.get_by_role("slider", name="stride")
    slider.evaluate("(slider) => slider.scrollIntoView({ block: 'center' })")
    before, box = slider.input_value(), slider.bounding_box()
    page.mouse.move(box["x"] + 8, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    assert slider.input_value() != before
    expect(result).not_to_contain_text("8×8 → 4×4")
    ground = "(node) => getComputedStyle(node).backgroundColor"
    assert result.evaluate(ground) == "rgb(255, 255, 255)"
    page.get_by_role("button", name="Dark theme").click()
    expect(result).not_to_have_css("background-color", "rgb(255, 255, 255)")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()  # it is remembered
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.close()


def test_the_search_finds_stride(reader, address):
    reader.wrong.clear()
    reader.goto(f"{address}index.html")
    reader.get_by_role("button", name="Search").click()
    field = reader.get_by_role("searchbox", name="Search the book")
    field.fill("stride")
    field.press("Enter")
    expect(reader.locator("#search-results li a").first).to_be_visible()
    expect(reader.locator("#search-results")).to_contain_text("Down-sampling")
    reader.evaluate("import('./_static/book.js')")  # ends when all of it has run
    expect(reader.locator("script[src*='doctools.js']")).to_have_count(1)
    assert reader.wrong == []
    reader.locator("#search-results li a").first.click()
    expect(reader.locator(".bd-article .highlighted").first).to_be_visible()
    assert reader.wrong == []


def test_hints_unfold_one_by_one_and_the_solution_is_behind_a_click(reader, address):
    reader.goto(f"{address}01_downsampling.html")
    box = reader.locator(".exercise").first
    expect(box).to_contain_text("Write output_size")
    solution = reader.get_by_text("return (size + 2 * padding - kernel_size) // stride + 1")
    expect(solution).to_be_hidden()
    expect(box.get_by_text("Hint 2 of 3")).to_be_hidden()
    box.get_by_text("Hint 1 of 3").click()
    expect(box.get_by_text("How large is the input with its padding?")).to_be_visible()
    box.get_by_text("Hint 2 of 3").click()
    expect(box.get_by_text("Hint 3 of 3")).to_be_visible()
    reader.get_by_text("Show a solution").first.click()
    expect(solution).to_be_visible()


def test_without_javascript_a_widget_is_its_text(browser, address):
    page = new_page(browser, java_script_enabled=False)
    page.goto(f"{address}01_downsampling.html")
    expect(page.locator(".live .text-form, .live img").nth(1)).to_be_visible()
    page.close()


def test_the_first_page_is_small_and_its_u_net_comes_after_the_first_paint(browser, address, site):
    page = new_page(browser, viewport={"width": 1280, "height": 800})
    page.goto(f"{address}index.html")
    wake_all(page)
    loaded = page.evaluate(
        """() => performance.getEntriesByType('resource').map(({ name, startTime }) =>
          [new URL(name).pathname.slice(1), startTime])"""
    )
    painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    living = [start for name, start in loaded if "/widgets/" in name]
    assert len(living) >= 3  # its module, its style, its networks
    assert min(living) > painted
    read = {name for name, _ in loaded if "/widgets/" not in name} | {"index.html"}
    code = [site / name for name in read if not name.startswith("_images/")]
    packed = sum(len(gzip.compress(path.read_bytes())) for path in code if path.is_file())
    assert packed <= 0.5 * MEGABYTE
    page.close()


def test_the_whole_site_is_small(site):
    files = [path for path in site.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 15 * MEGABYTE
    for bundle in ("explorer.js", "predict.js"):  # each is there once
        assert [path.name for path in files].count(bundle) == 1
    weights = json.loads((site / "_static/widgets/living_unet.json").read_text("utf-8"))["large"]
    users = [
        path.name[:2]
        for path in site.glob("0*.html")
        if weights["_tasks"] in path.read_text("utf-8")
    ]
    assert {"00", "03", "06"} <= set(users)  # three lessons and the front page load the same file
    assert all(path.stat().st_size < MEGABYTE for path in site.glob("0*.html"))


def test_a_lesson_leads_to_its_neighbours_from_its_first_screen(reader, address):
    reader.goto(f"{address}01_downsampling.html")
    steps = reader.get_by_role("navigation", name="Previous and next page")
    assert steps.bounding_box()["y"] < 200
    steps.get_by_text("Up-sampling").click()
    expect(reader).to_have_title(re.compile("2 · Up-sampling"))
    steps.get_by_text("Down-sampling").click()
    expect(reader).to_have_title(re.compile("1 · Down-sampling"))


def test_hosts_open_the_notebook_of_the_home_and_without_one_a_sentence_says_why(monkeypatch, site):
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "book"))
    pages = importlib.import_module("lesson_pages")
    links = Links(pages.opened_in("01_down", "ada/unets", "Open")).to
    assert links == [
        "https://mybinder.org/v2/gh/ada/unets/main?urlpath=lab/tree/notebooks/01_down.ipynb",
        "https://colab.research.google.com/github/ada/unets/blob/main/notebooks/01_down.ipynb",
        "https://kaggle.com/kernels/welcome?src="
        "https://github.com/ada/unets/blob/main/notebooks/01_down.ipynb",
        "notebooks/01_down.ipynb",
    ]
    assert Links(pages.opened_in("01_down", "", "Open")).to == ["notebooks/01_down.ipynb"]
    link = "[the file](../deploy/values.yaml)"
    assert pages.with_links(link, "ada/unets").endswith("ada/unets/blob/main/deploy/values.yaml)")
    assert pages.with_links(link, "") == "the file"
    lesson = (site / "01_downsampling.html").read_text("utf-8")
    assert ("mybinder.org" in lesson) != (pages.NO_HOSTS.strip() in lesson)


class Links(html.parser.HTMLParser):
    """What a page refers to, the places it has, and its images without words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.to, self.places, self.without_words = [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.places |= {values.get("id"), values.get("name")} - {None}
        self.to += [values[key] for key in ("href", "src") if values.get(key)]
        if tag == "img" and "alt" not in values:
            self.without_words.append(values.get("src", "")[:80])


def test_every_link_leads_to_a_file_and_a_place_and_every_image_has_words(site):
    pages = {path.name: Links(path.read_text("utf-8")) for path in site.glob("*.html")}
    assert len(pages) > 15
    for name, page in pages.items():
        assert page.without_words == [], name
        for link in page.to:
            if re.match(r"(https?:|mailto:|data:|#$)", link):
                continue
            target, _, place = link.partition("#")
            target = target.partition("?")[0] or name
            assert (site / target).is_file(), f"{name}: {link}"
            if place and target in pages and not target.startswith("playground"):
                assert place in pages[target].places, f"{name}: {link}"


def test_the_front_page_is_a_course_and_each_lesson_a_learning_resource(site):
    def data(name):
        text = (site / f"{name}.html").read_text("utf-8")
        return json.loads(re.search(r'"application/ld\+json">(.*?)</script>', text)[1])

    course = data("index")
    assert "Course" in course["@type"]
    assert [part["name"] for part in course["hasPart"]][:2] == [
        "How do you know if it's a U-Net?",
        "Down-sampling",
    ]
    lesson = data("01_downsampling")
    assert (lesson["@type"], lesson["timeRequired"]) == ("LearningResource", "PT40M")
    assert lesson["teaches"][0] == "work out the output size of a convolution on paper"


def test_formulas_are_drawn_by_the_browser_and_no_latex_is_left(site):
    for path in site.glob("0*.html"):
        formulas = re.findall(r"<math.*?</math>", path.read_text("utf-8"), re.S)
        assert not [each for each in formulas if re.search(r"\\|&amp;|&(?!#|\w+;)|\[4pt", each)]
    assert "<mfrac>" in (site / "01_downsampling.html").read_text("utf-8")


def test_the_benchmark_measures_paint_answer_and_widget(browser, address):
    times = visit(browser, f"{address}index.html", 1)
    assert 0 < times["painted"] <= times["answered"] <= times["widget"]
