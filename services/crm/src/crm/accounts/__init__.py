"""Accounts: the companies and persons we sell to, and the people we know there.

An *account* is a *prospect* until it buys, then a *customer*. A *contact* is a person at an
account; one of them may be the *primary* one. *Terms* are what a linked ERP says of the customer
(number, credit limit, payment terms, dunning block): a read copy, shown and never edited here.

What always holds: account and contacts change together, as one version and one event; a change
that changes nothing makes neither; phone numbers are compared in E.164 and kept as typed; of an
account's active contacts at most one is primary; what a linked ERP leads in (terms, tax id,
currency, invoice address) only the ERP changes; a record is archived, never deleted; a record
that another system sends becomes one of ours, however often it is sent.
"""
