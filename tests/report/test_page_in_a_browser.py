"""The page in headless Chromium, made from a real smoke run among other results."""

import itertools
import shutil
from pathlib import Path

import pytest

from fluvial.report.page import render_report
from fluvial.reproduction import Budget
from fluvial.reproduction.running import run_study
from fluvial.studies import load_study

from . import sample

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="there is no Chromium with its chromedriver here"
)

# WCAG 2.2, success criterion 1.4.3: at least 4.5 to 1.
OFF = '.chip[data-verdict="INCONCLUSIVE"]'
CONTRAST = Path(__file__).with_name("contrast.js")
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --disable-dev-shm-usage"
)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    sample.energies(folder)
    sample.notebook(folder)
    run_study(load_study("kmeans"), Budget.SMOKE, folder, command="fluvial reproduce kmeans")
    path = folder / "report.html"
    path.write_text(render_report(folder), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser(page, tmp_path_factory):
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in [*FLAGS.split(), f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    try:
        driver.set_window_size(1280, 900)
        driver.get(page.as_uri())
        yield driver
        assert driver.get_log("browser") == []
    finally:
        driver.quit()


def shown(browser):
    """Return the statements of the claims that can be seen, from top to bottom."""
    return browser.execute_script(
        "return [...document.querySelectorAll('#claims-table tbody tr')].filter(r => !r.hidden)"
        ".map(r => r.querySelector('.statement').textContent)"
    )


def click(browser, selector):
    """Click as a script does, which no sticky header can be in the way of."""
    browser.execute_script("document.querySelector(arguments[0]).click()", selector)


def unfold(browser):
    """Open what is folded below the story of each study."""
    browser.execute_script("document.querySelectorAll('.rest').forEach(d => { d.open = true; })")


def test_filtering_by_verdict_search_and_study(browser):
    everything = shown(browser)
    assert len(everything) > 3
    for verdict in ("INCONCLUSIVE", "REPRODUCED"):
        click(browser, f'.chip[data-verdict="{verdict}"]')
    assert shown(browser) == ["Longer flows are better."]
    status = browser.find_element("id", "shown").text
    assert status == f"1 of {len(everything)} claims shown"
    for verdict in ("INCONCLUSIVE", "REPRODUCED"):
        click(browser, f'.chip[data-verdict="{verdict}"]')
    search = browser.find_element("id", "search")
    search.send_keys("planar NICE")
    assert shown(browser) == ["Planar and NICE <b>agree</b>."]
    search.send_keys("\ue009a\ue000\ue003")  # control and A, then backspace
    browser.execute_script(
        "const s = document.querySelector('#study-filter'); s.value = 'energies';"
        "s.dispatchEvent(new Event('change'))"
    )
    assert len(shown(browser)) == 3
    browser.execute_script(
        "const s = document.querySelector('#study-filter'); s.value = '';"
        "s.dispatchEvent(new Event('change'))"
    )
    assert shown(browser) == everything


def test_sorting_by_numbers_and_by_words(browser):
    everything = shown(browser)
    measured = "return [...document.querySelectorAll('#claims-table tbody tr')]"
    measured += ".map(r => r.cells[3].dataset.sort).filter(Boolean).map(Number)"
    click(browser, "#claims-table th:nth-child(4) button")
    rising = browser.execute_script(measured)
    assert rising == sorted(rising)
    head = browser.find_element("css selector", "#claims-table th:nth-child(4)")
    assert head.get_attribute("aria-sort") == "ascending"
    click(browser, "#claims-table th:nth-child(4) button")
    assert browser.execute_script(measured) == rising[::-1]
    click(browser, "#claims-table th:nth-child(2) button")
    collated = "return arguments[0].toSorted((a, b) => a.localeCompare(b))"
    assert shown(browser) == browser.execute_script(collated, everything)


def test_the_slider_steps_through_the_layers(browser):
    unfold(browser)
    pixels = "return document.querySelector('canvas').toDataURL()"
    browser.implicitly_wait(5)
    browser.find_element("css selector", "canvas[data-shown='0']")
    before = browser.execute_script(pixels)
    slider = browser.find_element("css selector", ".layers input[type=range]")
    slider.send_keys("\ue014" * 3)  # the right arrow
    canvas = browser.find_element("css selector", "canvas")
    assert canvas.get_attribute("data-shown") == "3"
    assert canvas.get_attribute("aria-label") == "Density of U1 after 3 of 8 layers"
    assert slider.get_attribute("aria-valuetext") == "after 3 of 8 layers"
    assert browser.execute_script(pixels) != before


def test_curves_zoom_by_buttons_keys_and_mouse(browser):
    from selenium.common import exceptions
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.support.ui import WebDriverWait

    def extent():
        # In one script: the page may draw the curve anew between two questions.
        return tuple(
            browser.execute_script(
                "const d = document.querySelector('.chart .plot svg').dataset;"
                "return [Number(d.from), Number(d.to)]"
            )
        )

    def picture():
        return browser.find_element("css selector", ".chart .plot svg")

    unfold(browser)
    full = extent()
    assert full[1] == sample.STEPS
    click(browser, ".chart .zoom-in")
    zoomed = extent()
    assert full[0] < zoomed[0] < zoomed[1] < full[1]
    browser.execute_script(
        "document.querySelector('.chart .plot svg')"
        ".scrollIntoView({block: 'center', behavior: 'instant'})"
    )
    # On a busy machine the browser takes its time until a picture that was scrolled to has focus.
    late = (
        exceptions.ElementNotInteractableException,
        exceptions.StaleElementReferenceException,
    )
    waiting = WebDriverWait(browser, 20, ignored_exceptions=late)
    waiting.until(lambda _: picture().send_keys("0") is None)
    assert extent() == full

    def drag():
        mouse = ActionChains(browser).move_to_element_with_offset(picture(), -100, 0)
        mouse.click_and_hold().move_by_offset(150, 0).release().perform()

    waiting.until(lambda _: drag() is None)
    assert full[0] < extent()[0] < extent()[1] < full[1]
    click(browser, ".chart .reset")
    assert extent() == full


@pytest.fixture
def phone(browser, page):
    """The page as it opens on a phone."""
    size = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(page.as_uri())
    yield browser
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.get(page.as_uri())


def test_it_fits_a_phone(phone):
    width = "return document.documentElement.scrollWidth"
    assert phone.execute_script(width) == 360
    phone.execute_script("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert phone.execute_script(width) == 360


def test_a_phone_shows_the_first_claims_and_more_on_demand(phone):
    first = shown(phone)
    assert len(first) == 6
    more = phone.find_element("id", "more")
    assert more.text == "Show all 8"
    assert phone.find_element("id", "shown").text == "8 claims, the first 6 of them shown"
    more.send_keys("\ue007")  # enter
    assert shown(phone)[:6] == first
    assert len(shown(phone)) == 8
    assert not more.is_displayed()
    reached = "return document.activeElement.closest('tr').sectionRowIndex"
    assert phone.execute_script(reached) == 6


def test_a_phone_folds_the_studies_and_opens_the_one_gone_to(phone):
    folded = "return [...document.querySelectorAll('.fold')].map(fold => fold.open)"
    assert phone.execute_script(folded) == [False, False]
    phone.find_element("css selector", ".overview a[href='#study-kmeans']").send_keys("\ue007")
    assert phone.execute_script(folded) == [False, True]


def test_studies_are_open_on_a_large_screen(browser):
    folds = browser.find_elements("css selector", ".fold")
    assert all(fold.get_attribute("open") for fold in folds)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_its_background(browser, theme):
    features = [{"name": "prefers-color-scheme", "value": theme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    click(browser, OFF)
    faint = browser.execute_script(CONTRAST.read_text(encoding="utf-8"))
    click(browser, OFF)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert faint == []


def test_all_can_be_reached_by_keyboard_and_named(browser):
    unnamed = browser.execute_script(
        "return [...document.querySelectorAll('button, input, select, img, canvas, svg[role]')]"
        ".filter(e => !(e.textContent.trim() || e.ariaLabel || e.labels?.length || e.alt))"
        ".filter(e => !e.closest('dialog')).map(e => e.outerHTML.slice(0, 200))"
    )
    assert unnamed == []
    assert browser.execute_script("return document.documentElement.lang") == "en"
    levels = browser.execute_script(
        "return [...document.querySelectorAll('h1, h2, h3')].map(h => Number(h.tagName[1]))"
    )
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_the_theme_can_be_chosen(browser):
    color = "return getComputedStyle(document.body).backgroundColor"
    colors = []
    for _ in range(3):
        click(browser, "#theme")
        colors.append(browser.execute_script(color))
    assert len(set(colors)) == 2
