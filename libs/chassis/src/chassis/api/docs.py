"""The interactive documentation, from files that the installation itself carries."""

import asyncio
import base64
import hashlib
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse

from chassis.problems.standard import NotFound

__all__ = ["docs_router"]

docs_router = APIRouter(include_in_schema=False)

ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}

_LOADED: Mapping[str, Any] = {
    "swagger_js_url": "/docs/assets/swagger-ui-bundle.js",
    "swagger_css_url": "/docs/assets/swagger-ui.css",
    "swagger_favicon_url": "/docs/assets/favicon-32x32.png",
    # Left out, the page asks a validator on the internet about every service but a local one.
    # A key that was entered stays for the next visit; the box finds operations by their tag.
    "swagger_ui_parameters": {"validatorUrl": None, "persistAuthorization": True, "filter": True},
}


@docs_router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """The API's paths, to read and to try."""
    page = get_swagger_ui_html(openapi_url="/openapi.json", title=request.app.title, **_LOADED)
    page.headers["Cache-Control"] = "no-cache"
    page.headers["Content-Security-Policy"] = _policy_of(bytes(page.body))
    return page


def _policy_of(page: bytes) -> str:
    """What the page may load and run: files of ours, and the scripts that stand in it."""
    scripts = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"
        for script in re.findall(rb"<script>(.*?)</script>", page, re.DOTALL)
    )
    return (
        f"default-src 'none'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )


@docs_router.get("/openapi.json")
async def description(request: Request) -> Response:
    """The OpenAPI document. Writing it takes seconds of work, once: others are served meanwhile."""
    return JSONResponse(await asyncio.to_thread(request.app.openapi))


@docs_router.get("/docs/assets/{name}")
async def asset(name: str) -> Response:
    """A file of the documentation page."""
    if name not in ASSETS:
        raise NotFound(entity="asset", id=name)
    content = resources.files("fastapi_swagger").joinpath("resources", name).read_bytes()
    return Response(content, media_type=ASSETS[name], headers={"Cache-Control": "max-age=86400"})
