"""Paths of accounts and contacts."""

from typing import Annotated

from chassis.actor import Actor
from chassis.http.dependencies import InReading, Needs
from chassis.http.routing import api_router
from chassis.problems.standard import CurrencyNotSupported, MissingReference
from crm.accounts.errors import HasOrdered
from crm.accounts.schemas import (
    AccountMatchReply,
    AddContact,
    ChangeAccount,
    ChangeContact,
    MatchAccounts,
    NewAccount,
    UpsertAccount,
    UpsertContact,
)
from crm.accounts.service import matches
from crm.accounts.service.accounts import ACCOUNT
from crm.accounts.service.contacts import CONTACT
from crm.ownership import ManagedByErp
from records.annotations import annotate
from records.erasure.errors import PersonIsErased, PersonSuppressed
from records.routes import RecordRoutes
from records.sheets.kinds import USER, Reference

__all__ = ["account_router", "contact_router"]

READ, WRITE = "accounts.read", "accounts.write"
Reader = Annotated[Actor, Needs(READ)]

account_router = api_router(prefix="/v1/accounts", tag="accounts")
account = RecordRoutes(
    account_router,
    ACCOUNT,
    one="account",
    many="accounts",
    read=READ,
    write=WRITE,
    refuses=(CurrencyNotSupported, MissingReference, PersonIsErased, PersonSuppressed),
)
account.list("Accounts, the newest first; `sort` by created_at, updated_at or name.")
account.create(NewAccount, "Take on an account.")
account.upsert(UpsertAccount, refuses=(ManagedByErp, HasOrdered))
account.links()
account.csv(references={"owner_id": USER})


@account_router.post("/matches")
async def account_match(command: MatchAccounts, _by: Reader, at: InReading) -> AccountMatchReply:
    """Look for accounts that are, or may be, the same firms. Nothing changes."""
    return await matches.match_accounts(at, command)


account.get()
account.history()
account.change(ChangeAccount, refuses=(ManagedByErp, HasOrdered))
account.archive(
    "Take the account out of the way; its history stays.",
    "Work with the account again.",
    refuses=(ManagedByErp, PersonIsErased),
)
account.link()
account.unlink()
annotate(account.paths)

contact_router = api_router(prefix="/v1/contacts", tag="contacts")
contact = RecordRoutes(
    contact_router,
    CONTACT,
    one="contact",
    many="contacts",
    read=READ,
    write=WRITE,
    refuses=(PersonIsErased, PersonSuppressed),
)
contact.list("Contacts, the newest first; `sort` by created_at, updated_at or name.")
contact.create(AddContact, "Note a person at an account.", refuses=(MissingReference,))
contact.upsert(UpsertContact, refuses=(MissingReference,))
contact.csv(references={"account_id": Reference("account")})
contact.get()
contact.history()
contact.change(ChangeContact)
contact.archive(
    "Take the contact out of the way; its history stays.",
    "Turn to the person again.",
    refuses=(PersonIsErased,),
    primary=False,
)
contact.link()
contact.unlink()
annotate(contact.paths)
