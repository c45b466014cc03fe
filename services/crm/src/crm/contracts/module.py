"""What contracts and their templates bring into the CRM."""

from chassis.service import Module
from chassis.work.states import States
from crm import open_work
from crm.contracts.events import ContractChanged, ContractTemplateChanged
from crm.contracts.models import (
    RIGHTS,
    SEARCH,
    TEMPLATE_SEARCH,
    Contract,
    ContractNumber,
    ContractRenewal,
    ContractTemplate,
    ContractText,
)
from crm.contracts.router import contract_router, contract_template_router
from crm.contracts.service.contracts import contract_states
from crm.contracts.service.giving import OPEN
from crm.contracts.service.renewals import RENEW, SCHEDULE, renew_contracts
from crm.contracts.service.templates import contract_template_states

__all__ = ["MODULE"]

open_work.declare(OPEN)

_SEE = {"contracts.read", "contract_templates.read"}

MODULE = Module(
    name="contracts",
    routers=(contract_template_router, contract_router),
    tags={
        "contract-templates": "Clauses with variables, in versions, from which contracts are made.",
        "contracts": "What was agreed with customers: generated, sent, signed, renewed, ended.",
    },
    permissions={
        "contracts.read": "See contracts and their texts.",
        "contracts.write": "Draw up, generate, send, sign, renew, end, void and archive contracts.",
        "contract_templates.read": "See contract templates.",
        "contract_templates.write": "Draw up, publish, revise and archive contract templates.",
    },
    roles={
        "seller": _SEE | {"contracts.write"},
        "sales_manager": _SEE | {"contracts.write", "contract_templates.write"},
        "service_agent": _SEE,
        "marketer": _SEE,
    },
    tables=(
        ContractTemplate,
        TEMPLATE_SEARCH,
        Contract,
        SEARCH,
        ContractText,
        ContractNumber,
        ContractRenewal,
    ),
    rights=RIGHTS,
    events=(ContractTemplateChanged, ContractChanged),
    states={
        ContractTemplateChanged: States("contract_template", contract_template_states),
        ContractChanged: States("contract", contract_states),
    },
    jobs={RENEW: renew_contracts},
    schedules=(SCHEDULE,),
)
