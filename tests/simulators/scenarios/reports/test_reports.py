"""Reports of scenarios: JUnit XML and a page, of what passed, failed and broke."""

from html.parser import HTMLParser
from xml.etree import ElementTree

from simulators.scenarios.document import parse_scenario
from simulators.scenarios.playing import ScenarioResult, play
from simulators.scenarios.reports.html_report import html_page
from simulators.scenarios.reports.junit import write_junit
from simulators.scenarios.servers import fresh_server

HEAD = "scenario: A\nsteps:\n"


def played(text):
    """A scenario on a fresh server."""
    scenario = parse_scenario(text)
    with fresh_server(scenario) as server:
        return play(scenario, server)


class Page(HTMLParser):
    """Whether a page is well formed, and the text in it."""

    def __init__(self):
        super().__init__()
        self.text = ""

    def handle_data(self, data):
        """Collect."""
        self.text += data


def test_reports(tmp_path):
    """JUnit for build servers, a page for people: what passed, what failed and why, every message."""
    good = played("scenario: Good & <well>\nsteps:\n  - tap: {amount: 12.50}\n")
    bad = played(HEAD + "  - tap: {amount: 9999.00}\n")
    broken = ScenarioResult(parse_scenario("scenario: Broken\nsteps:\n  - echo\n"), broken="no server")
    results = [good, bad, broken]
    write_junit(results, tmp_path / "junit.xml")
    suite = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "3", "failures": "1", "errors": "1", "skipped": "0",
    }  # fmt: skip
    failure = suite[1].find("failure")
    assert "insufficient_funds" in failure.get("message")
    assert "available_credit" in failure.text
    assert "0100" in failure.text
    page = Page()
    page.feed(html_page(results))
    for words in (
        "Good & <well>",
        "1 passed, 2 failed",
        "insufficient_funds",
        "Amount, transaction",
        "12.50 EUR",
        "checks",
    ):
        assert words in page.text
    assert "http" not in html_page(results).replace("http://www.w3.org/2000/svg", "")
