"""The command line `crm`: what every service has, and `seed`."""

from typing import Annotated

import typer

from chassis.cli.console import AsJson, Refusal, command, show
from chassis.cli.installation import connected, refuse_in_production
from chassis.cli.making import make_cli
from crm.app import SERVICE
from crm.demo import make_demo_company

__all__ = ["cli"]

cli = make_cli(SERVICE)


@cli.command()
@command
async def seed(
    demo: Annotated[bool, typer.Option("--demo", help="Make the demo company.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fill the CRM with a small demo company; safe to repeat."""
    if not demo:
        message = "say what to seed: --demo makes the demo company"
        raise Refusal(message)
    async with connected(SERVICE) as (here, database):
        refuse_in_production(here, "the demo company")
        async with database.transaction() as work:
            outcomes = await make_demo_company(work)
    words = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    show(dict(outcomes), f"demo company: {words}", as_json=as_json)
