"""What response times bring into the CRM."""

from chassis.service import Module
from crm.response_times.router import lead_response_router, response_time_router

__all__ = ["MODULE"]

MODULE = Module(name="response_times", routers=(lead_response_router, response_time_router))
