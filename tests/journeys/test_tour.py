"""The tour of the README is pasted into a shell beside `make run`, in English and in Chinese."""

import asyncio
import os
import re
import subprocess

import pytest

from chassis.testing.waiting import until
from runner.temporary import temporary_installation
from tests.architecture.sources import ROOT

TOURS = {"README.md": "## Ten minutes with curl", "README.zh-CN.md": "## 十分钟上手"}
REFUSED_ONCE = "managed_by_crm"
PATIENCE_SECONDS = 120


def lines_of(page):
    """What the page says to paste."""
    text = (ROOT / page).read_text("utf-8").partition(TOURS[page])[2].partition("\n## ")[0]
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    return "\n".join(blocks)


def without_words(lines):
    """The commands without names, keys and language: what both pages must have alike."""
    plain = lines.replace("tour-zh-", "tour-").replace(" -H 'Accept-Language: zh-CN'", "")
    return re.sub(r'"(name|email|company|person|consent_text)": "[^"$]*"', "", plain)


def test_both_pages_take_the_same_tour():
    english, chinese = map(lines_of, TOURS)
    assert without_words(english) == without_words(chinese)
    assert english.count("call ") > 20


def test_nothing_is_left_to_fill_in():
    for page in TOURS:
        assert not re.search(r"…|\.\.\.|<[a-z-]+>|localhost:\d", lines_of(page))


@pytest.fixture(scope="module")
def installation():
    with temporary_installation(DEMO="1") as running:
        yield running


def paste(page, data):
    """Paste the page's lines into a shell; what it shows, with the order's and account's ids."""
    lines = lines_of(page) + "\necho IDS $ORDER $ACCOUNT"
    return subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", lines],
        env=os.environ | {"TANDEM_DATA": str(data), "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


@pytest.mark.parametrize("page", TOURS)
async def test_the_tour_ends_as_the_page_says(installation, page):
    """Lead, deal, quote, order, limit, refusal, shipment, invoice, payment: seen on both sides."""
    pasted = await asyncio.to_thread(paste, page, installation.folder / "data")
    told = pasted.stdout
    assert (pasted.returncode, pasted.stderr) == (0, ""), told + pasted.stderr
    assert re.findall(r'"type": ?"/problems/(\w+)"', told) == [REFUSED_ONCE], told
    assert '"reached":true' in told
    assert '"reached":false' not in told
    order_id, account_id = told.rpartition("IDS ")[2].split()
    with installation.clients() as services:

        def order():
            return services["crm"].get(f"/v1/orders/{order_id}").json()

        def account():
            return services["crm"].get(f"/v1/accounts/{account_id}").json()

        await until(lambda: order()["erp"]["paid"] == order()["total"] == "1190.00")
        await until(lambda: account()["owes"]["amount"] == "0.00")
        assert order()["erp"]["state"] == "completed"
        assert order()["erp"]["shipments"][0]["tracking_number"] == "CE-0042"
        assert account()["erp"]["credit_limit"]["amount"] == "5000.00"
        status = services["bridge"].get("/v1/status").json()
        assert (status["lanes"]["parked"], status["open_reviews"]) == (0, 0)
