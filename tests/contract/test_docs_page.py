"""The documentation page works without the internet: everything it loads comes from the service."""

import re
from html.parser import HTMLParser

import httpx
import pytest

from chassis.api.app import create_app
from contracts.generator.__main__ import registered
from tests.architecture.sources import ROOT

SERVICES = registered(ROOT)


class Loads(HTMLParser):
    """Collects the addresses a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag in {"script", "link", "img", "iframe", "source"}:
            self.addresses += [value for name, value in attrs if name in {"src", "href"}]


@pytest.fixture(params=SERVICES)
async def client(request):
    service = SERVICES[request.param]
    app = create_app(service, service.settings.model_construct())
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://tandem.test") as client:
        yield client


async def test_everything_the_page_loads_is_served_here(client):
    page = await client.get("/docs")
    assert page.status_code == 200
    loads = Loads()
    loads.feed(page.text)
    assert loads.addresses
    for address in loads.addresses:
        assert address.startswith("/")
        assert not address.startswith("//")
        assert (await client.get(address)).status_code == 200
    assert re.findall(r"https?://[^\s\"']+", page.text) == []
    # A key that was entered is still there at the next visit, and operations are found by words.
    assert re.search(r"\"persistAuthorization\": true", page.text)
    assert re.search(r"\"filter\": true", page.text)


async def test_styles_load_nothing_from_elsewhere(client):
    styles = (await client.get("/docs/assets/swagger-ui.css")).text
    addresses = re.findall(r"url\(\s*['\"]?([^'\")]+)", styles) + re.findall(
        r"@import[^;]+", styles
    )
    assert [one for one in addresses if not one.startswith(("data:", "#"))] == []


async def test_an_asset_that_is_not_ours_is_not_served(client):
    for name in ("..%2f..%2f__init__.py", "index.html"):
        assert (await client.get(f"/docs/assets/{name}")).status_code == 404
