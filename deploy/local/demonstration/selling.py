"""The first act, in the CRM alone: from a form that a stranger fills in to a deal that is won."""

import time
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Self
from zoneinfo import ZoneInfo

import httpx

from chassis.clock import business_day
from demonstration.patience import Patient
from demonstration.playing import (
    POLL_SECONDS,
    Disagreement,
    Record,
    agree,
    changed,
    done,
    got,
    made,
)
from runner.telling import say

__all__ = ["Won", "lead_to_order"]

WANTED, PRICE, DISCOUNT = 10, "95.00", "0.05"
CITY = {"line1": "1 Canal Street", "city": "Suzhou", "postal_code": "215000", "country": "CN"}
PASSWORD = "correct horse battery staple"  # noqa: S105 - of users of an installation that is removed
SECONDS_MAX = 60.0
VALID_DAYS = 30
ZONE = "Asia/Shanghai"
"""Of the story's installation: the default."""


def last_day() -> date:
    """Until when the offer stands."""
    return business_day(ZoneInfo(ZONE)) + timedelta(days=VALID_DAYS)


class Won:
    """What came of it: the customer, and the order that was placed."""

    def __init__(self, account: Record, order: Record) -> None:
        self.account, self.order = account, order


def lead_to_order(crm: httpx.Client, *, product: Record) -> Won:
    """Play it. Raises Disagreement, httpx.HTTPStatusError."""
    with Sale(crm, product) as sale:
        lead = sale.form_filled_in()
        sale.scored(lead)
        sale.assigned(lead)
        deal = sale.converted(lead)
        quote = sale.quoted(deal)
        sale.accepted_by_token(quote)
        return sale.won(deal)


class Sale:
    """One sale, as those who take part in it see the CRM."""

    def __init__(self, crm: httpx.Client, product: Record) -> None:
        self.crm, self.product = crm, product
        self.currency = ""
        self.seller_id = ""
        self._clients: list[httpx.Client] = []

    def __enter__(self) -> Self:
        """The seller has a login, and the CRM knows how leads are scored and assigned."""
        say("\nA seller and a sales manager start work. Leads are scored and assigned by rules;")
        say("a discount of 5 % and more is approved by a sales manager.")
        self.seller, self.seller_id = self.colleague("lin.fang", "Lin Fang", "seller")
        self.manager, _ = self.colleague("chen.wei", "Chen Wei", "sales_manager")
        self.rules_for_leads()
        made(
            self.crm,
            "/v1/approval-rules",
            kind="quote",
            name="Discounts",
            position=1,
            conditions=[{"fact": "percent", "at_least": "5"}],
            steps=[{"approvers": "role", "role": "sales_manager"}],
            fallback_role="admin",
        )
        return self

    def rules_for_leads(self) -> None:
        """What gives points, and who gets the leads of the website."""
        website = {"fact": "source", "operator": "equals", "values": ["website"]}
        made(
            self.crm,
            "/v1/score-rules",
            name="A firm asks",
            based_on="field",
            points=30,
            conditions=[{"fact": "company", "operator": "given"}],
        )
        made(
            self.crm,
            "/v1/score-rules",
            name="By the form",
            based_on="touch",
            points=20,
            conditions=[website],
        )
        made(
            self.crm,
            "/v1/assignment-rules",
            name="Leads of the website",
            subject_type="lead",
            position=1,
            method="load",
            user_ids=[self.seller_id],
            conditions=[website],
        )

    def __exit__(self, *_: object) -> None:
        for client in self._clients:
            client.close()

    def colleague(self, login: str, name: str, role: str) -> tuple[httpx.Client, str]:
        """Somebody with a role, logged in."""
        user = made(self.crm, "/v1/users", login=login, name=name, roles=[role], password=PASSWORD)
        session = made(self.crm, "/v1/sessions", login=login, password=PASSWORD)
        client = httpx.Client(
            base_url=self.crm.base_url,
            headers={"Authorization": f"Bearer {session['token']}"},
            transport=Patient(),
            trust_env=False,
            timeout=60,
        )
        self._clients.append(client)
        return client, str(user["id"])

    def form_filled_in(self) -> Record:
        """A stranger fills in the form of the website, and agrees to be written to."""
        say("\nA stranger fills in the form of the website.")
        self.form()
        shown = got(self.crm, "/v1/open-forms/beans")
        made(
            self.crm,
            "/v1/open-forms/beans/submit",
            stamp=shown["stamp"],
            name="Gu Yan",
            company="Canal Street Coffee",
            email="orders@canal.example",
            agreed=True,
        )
        [lead] = got(self.crm, "/v1/leads", source="website")["items"]
        [consent] = got(self.crm, f"/v1/leads/{lead['id']}/consents")["items"]
        say(f"    CRM lead {lead['id']}: {lead['name']}, {lead['company']}")
        say(f"    agreed to version {consent['text_version']} of: {consent['text']}")
        return dict(lead)

    def form(self) -> None:
        """What the website asks, and what is agreed to."""
        made(
            self.crm,
            "/v1/lead-forms",
            code="beans",
            name="Coffee for your house",
            source="website",
            campaign="autumn",
            inputs=[{"input": one, "required": True} for one in ("name", "company", "email")],
            consent_text="You may write to me about coffee.",
            consent_version="1",
            min_seconds=0,
        )

    def scored(self, lead: Record) -> None:
        """The points of each rule sum to the score."""
        score = got(self.crm, f"/v1/leads/{lead['id']}/score")
        parts = ", ".join(f"{one['name']} {one['points']}" for one in score["parts"])
        agree(
            Decimal(score["score"]) == sum(Decimal(one["points"]) for one in score["parts"]),
            "the lead's score",
        )
        say(f"    score {score['score']}: {parts}")

    def assigned(self, lead: Record) -> None:
        """The lead goes to the seller by itself."""
        path = f"/v1/leads/{lead['id']}"
        self._soon(lambda: got(self.crm, path)["owner_id"] == self.seller_id, "the lead's owner")
        say("    it is Lin Fang's, by the rule Leads of the website")

    def converted(self, lead: Record) -> Record:
        """Account, contact and deal come of it in one step; the seller adds what is wanted."""
        say("\nThe seller calls, and makes a customer and a deal of the lead.")
        made(
            self.seller,
            "/v1/activities",
            kind="call",
            name="What do you need?",
            state="done",
            record_type="lead",
            record_id=lead["id"],
        )
        opportunity = {"use": "new", "name": f"{WANTED} kg of beans", "next_step": "Send a quote"}
        lead = done(self.seller, f"/v1/leads/{lead['id']}/convert", opportunity=opportunity)
        account = f"/v1/accounts/{lead['account_id']}"
        changed(self.seller, account, shipping_address=CITY, phone="+86 512 5550 0134")
        deal = f"/v1/opportunities/{lead['opportunity_id']}"
        changed(
            self.seller,
            deal,
            lines=[{"product": self.product["id"], "quantity": str(WANTED)}],
            closes_on=str(last_day()),
        )
        found = dict(got(self.seller, deal))
        say(f"    CRM account {lead['account_id']}, contact {lead['contact_id']}")
        worth = found["amount"]["amount"]
        say(f"    CRM opportunity {found['id']}: {worth} at {found['probability']} %")
        return found

    def quoted(self, deal: Record) -> Record:
        """A quote with a discount goes to the customer; its text never changes again."""
        say(f"\nThe seller quotes {WANTED} at {PRICE}, less {Decimal(DISCOUNT) * 100:.0f} %.")
        price = {"amount": PRICE, "currency": deal["currency"]}
        line = {"product": self.product["id"], "quantity": str(WANTED), "unit_price": price}
        quote = made(
            self.seller,
            "/v1/quotes",
            name=deal["name"],
            opportunity_id=deal["id"],
            language="en",
            discount=DISCOUNT,
            valid_until=str(last_day()),
            lines=[line],
        )
        say(f"    CRM quote {quote['number']}: {quote['total']} {quote['currency']}")
        self.approved(quote)
        return done(self.seller, f"/v1/quotes/{quote['id']}/send", channel="email")

    def approved(self, quote: Record) -> None:
        """The discount needs somebody else's consent: it cannot be sent before."""
        send = self.seller.post(
            f"/v1/quotes/{quote['id']}/send",
            json={"channel": "email"},
            headers={"Idempotency-Key": str(uuid.uuid4())},
        )
        agree(send.json().get("code") == "approval_needed", "what needs an approval")
        say(f"    not sent: {send.json()['title']}")
        done(self.seller, f"/v1/quotes/{quote['id']}/submit")
        [waiting] = got(self.manager, "/v1/approvals", waiting_for_me=True)["items"]
        decided = done(
            self.manager, f"/v1/approvals/{waiting['id']}/approve", note="A new customer."
        )
        say(f"    Chen Wei: {decided['state']}; now it is sent")

    def accepted_by_token(self, sent: Record) -> None:
        """The customer reads the text and accepts it: with a token, and without a login."""
        token = sent["answer_by"]["token"]
        with httpx.Client(
            base_url=self.crm.base_url, transport=Patient(), trust_env=False
        ) as anyone:
            shown = done(anyone, "/v1/open-quotes/show", token=token)
            answered = done(
                anyone,
                "/v1/open-quotes/answer",
                token=token,
                answer="accepted",
                person="Gu Yan",
                text_hash=shown["text_hash"],
            )
        agree(answered["answer"] == "accepted", "the quote's state")
        say(f"    Gu Yan accepts the text {shown['text_hash'][:12]}… by token")

    def won(self, deal: Record) -> Won:
        """The deal is won, and the order stands in the same moment, at the prices agreed."""
        deal = done(self.seller, f"/v1/opportunities/{deal['id']}/win")
        order = got(self.crm, f"/v1/orders/{deal['order']['id']}")
        net = WANTED * Decimal(PRICE) * (1 - Decimal(DISCOUNT))
        agree(Decimal(order["net"]) == net, "the order's net")
        say(f"    won: CRM order {order['number']} {order['id']}, {net:.2f} {order['currency']}")
        return Won(dict(got(self.crm, f"/v1/accounts/{deal['account_id']}")), dict(order))

    def _soon(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until it holds. Raises Disagreement."""
        deadline = time.monotonic() + SECONDS_MAX
        while not holds():
            if time.monotonic() > deadline:
                message = f"{what} is not right after {SECONDS_MAX:.0f} s"
                raise Disagreement(message)
            time.sleep(POLL_SECONDS)
