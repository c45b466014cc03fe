"""A line of a journal entry may name a party."""

from uuid import uuid4


async def test_a_journal_line_names_a_party_that_exists(office, problem):
    """By hand as by SQL: a customer or a supplier, and no one else."""
    lines = [{"account": "6403", "debit": "5"}, {"account": "1002", "credit": "5"}]
    known = await office.supplier()
    for party_id, status in ((known["id"], 201), (str(uuid4()), 422)):
        body = {"memo": "Rent", "lines": [lines[0] | {"party_id": party_id}, lines[1]]}
        reply = await office.erp.post("/v1/journal-entries", body)
        assert reply.status_code == status, reply.text
    assert problem(reply, 422, "missing_reference")
    assert party_id in reply.json()["detail"]
