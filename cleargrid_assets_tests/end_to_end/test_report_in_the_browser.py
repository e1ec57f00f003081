"""The collections report as people see it: at three widths, dark, printed, without a script, and steered by channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cleargrid_assets_tests.platform_under_test import started
from cleargrid_assets_tests.reports.report_pages import refreshed, report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

PHONE, TABLET, DESKTOP = 390, 768, 1280

UNFOLD = """() => new Promise((seen) => {
  for (const details of document.querySelectorAll("details")) details.open = true;
  requestAnimationFrame(() => requestAnimationFrame(seen));
})"""

CUT_TEXTS = """() => {
  const inside = (box, outer) => box.left >= outer.left - 1 && box.right <= outer.right + 1;
  return [...document.querySelectorAll("svg")].filter((svg) => svg.clientWidth).flatMap((svg) =>
    [...svg.querySelectorAll("text")].filter((text) =>
      !inside(text.getBoundingClientRect(), svg.getBoundingClientRect())).map((text) => text.textContent));
}"""

OVERLAPPING_TEXTS = """() => {
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom;
  return [...document.querySelectorAll("svg")].filter((svg) => svg.clientWidth).flatMap((svg) => {
    const boxes = [...svg.querySelectorAll("text")].map((text) => [text.getBoundingClientRect(), text.textContent]);
    return boxes.flatMap(([a, word], place) =>
      boxes.slice(place + 1).filter(([b]) => meet(a, b)).map(([, other]) => `${word} on ${other}`));
  });
}"""

CUT_WITHOUT_A_HINT = """() => [...document.querySelectorAll(".tables, .charts")].filter((element) =>
  element.clientWidth && element.scrollWidth > element.clientWidth + 1 &&
  !getComputedStyle(element, "::before").content.includes("swipe")).map((element) => element.innerText.slice(0, 80))"""

SMALL_LETTERS = """() => [...document.querySelectorAll("svg text")].filter((text) => text.getBoundingClientRect().width)
  .map((text) => text.getScreenCTM().a * parseFloat(getComputedStyle(text).fontSize)).filter((size) => size < 8)"""

LARGER_THAN_ITS_FIGURE = """() => [...document.querySelectorAll("td small")].filter((small) =>
  parseFloat(getComputedStyle(small).fontSize) > parseFloat(getComputedStyle(small.parentElement).fontSize)).length"""

FAINT_TEXTS = """() => {
  const light = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    return colour.endsWith(", 0)") ? behind(element.parentElement) : colour;
  };
  const texts = "p, td, th, td small, h2, a, summary, .card div, svg text";
  return [...document.querySelectorAll(texts)].filter((element) => {
    if (!element.textContent.trim() || !element.getBoundingClientRect().width) return false;
    const style = getComputedStyle(element);
    const ink = light(element instanceof SVGElement ? style.fill : style.color);
    const paper = light(behind(element));
    return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05) < 4.5;
  }).map((element) => element.textContent.slice(0, 40));
}"""


@pytest.fixture(scope="module")
def two_months(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with started(tmp_path_factory.mktemp("two_months"), {}) as platform:
        yield report(refreshed(platform))


@pytest.fixture(scope="module")
def one_month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with started(tmp_path_factory.mktemp("one_month"), {}) as platform:
        assert platform.refresh("2026-05-01").success
        yield report(platform)


@pytest.fixture(params=["one_month", "two_months"])
def page_file(request: pytest.FixtureRequest) -> Path:
    file: Path = request.getfixturevalue(request.param)
    return file


def opened(chromium: Browser, file: Path, width: int = DESKTOP, *, steered_to: str = "", **context: Any) -> Page:
    """The page in a window of the width, with everything unfolded; `steered_to` is the address's hash."""
    tab = chromium.new_context(viewport={"width": width, "height": 900}, **context).new_page()
    tab.goto(file.as_uri() + steered_to)
    tab.evaluate(UNFOLD)
    return tab


def shown(page: Page, selector: str) -> list[str]:
    return [element.inner_text() for element in page.locator(selector).all() if element.is_visible()]


@pytest.mark.parametrize("width", [PHONE, TABLET, DESKTOP])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_overlaps_or_is_too_small_or_faint(
    chromium: Browser, page_file: Path, width: int, scheme: str
) -> None:
    page = opened(chromium, page_file, width, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    for defect in (CUT_TEXTS, OVERLAPPING_TEXTS, CUT_WITHOUT_A_HINT, SMALL_LETTERS, FAINT_TEXTS):
        assert page.evaluate(defect) == []


def test_the_printed_page_is_whole_whatever_is_selected(chromium: Browser, two_months: Path) -> None:
    pages = [opened(chromium, two_months, steered_to=steered_to) for steered_to in ("", "#channel=CALL&month=2026-04")]
    for page in pages:
        page.emulate_media(media="print")
    whole, steered = (page.locator("main").inner_text() for page in pages)
    assert steered == whole
    assert {"Every metric of May 2026", "SMS"} <= set(whole.splitlines())
    assert "Every metric of Apr 2026" not in whole
    assert shown(pages[1], ".selector, .whole, nav, [data-drawn]:not([data-drawn='(all)'])") == []
    assert pages[0].evaluate(LARGER_THAN_ITS_FIGURE) == 0


def test_without_a_script_the_total_is_drawn_and_nothing_offers_to_steer(chromium: Browser, two_months: Path) -> None:
    page = chromium.new_context(java_script_enabled=False, viewport={"width": PHONE, "height": 900}).new_page()
    page.goto(two_months.as_uri())
    assert page.evaluate(CUT_WITHOUT_A_HINT) == []
    assert shown(page, ".selector, .whole, [data-drawn]:not([data-drawn='(all)'])") == []
    drawn = page.locator("[data-drawn='(all)']")
    assert all(drawing.is_visible() for drawing in drawn.all())
    assert drawn.count() == page.locator(".steered").count() > 0


def test_a_selected_channel_steers_every_chart_or_the_chart_says_that_it_is_not_split(
    chromium: Browser, two_months: Path
) -> None:
    page = opened(chromium, two_months)
    page.locator("[data-selects=channel]").select_option("CALL")
    for chart in page.locator(".steered").all():
        own = chart.locator("[data-drawn='CALL']")
        assert chart.locator("[data-drawn='(all)']").is_visible() is (own.count() == 0)
        assert chart.locator(".whole").is_visible() is (own.count() == 0)
        assert all(drawing.is_visible() for drawing in own.all())
    assert shown(page, "#headline-trends .which, #outcome-mix .which, #logging-lag .which") == ["CALL"] * 3
    funnels = page.locator("#funnel figure").locator("visible=true")
    assert [panel.get_attribute("data-channel") for panel in funnels.all()] == ["(all)", "CALL"]
    page.locator("[data-selects=channel]").select_option("")
    assert shown(page, ".whole, .which") == []


def test_what_counts_all_channels_says_so_once_a_channel_is_selected(chromium: Browser, two_months: Path) -> None:
    page = opened(chromium, two_months, steered_to="#channel=CALL")
    for section in ("headline", "what-moved", "promise-ages"):
        assert shown(page, f"#{section} > .whole") == ["All channels together."]
    assert shown(page, "#pool-comparison .steered .whole") == ["All channels: this chart is not split."]


def test_the_channel_stays_in_sight_and_the_month_beside_what_it_steers(chromium: Browser, two_months: Path) -> None:
    page = opened(chromium, two_months)
    page.locator("[data-selects=month]").select_option("2026-04")
    assert shown(page, "#headline [data-month] summary") == ["Every metric of Apr 2026"]
    page.locator("#logging-lag").scroll_into_view_if_needed()
    top = page.locator("[data-selects=channel]").bounding_box()
    assert top is not None
    assert 0 <= top["y"] < 40


def test_a_page_of_one_month_draws_no_trend(chromium: Browser, one_month: Path) -> None:
    page = opened(chromium, one_month)
    assert page.locator("#headline-trends").count() == 0
    assert page.locator("#logging-lag svg, #promise-vintages svg").count() == 0
    assert page.locator("tbody:empty").count() == 0
