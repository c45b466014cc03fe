"""The new password of a request's body, hashed before the request takes a connection."""

from typing import Annotated

from fastapi import Depends, Request

from chassis.http.refusals import may_refuse
from identity.passwords import LENGTH_MAX, LENGTH_MIN, HashedPassword, hash_password
from identity.places import LoginsBusy

__all__ = ["HashedNewPassword"]

UNREADABLE = HashedPassword("", "")
"""Of a body that the route refuses by itself."""


@may_refuse(LoginsBusy)
async def hashed_password(request: Request) -> HashedPassword:
    """The body's member `password`, hashed. Raises InvalidInput when it is common, LoginsBusy.

    It stands in the signature behind the permission and before the unit of work.
    """
    try:
        body = await request.json()
    except ValueError:
        return UNREADABLE
    password = body.get("password") if isinstance(body, dict) else None
    if not isinstance(password, str) or not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        return UNREADABLE
    return await hash_password(password)


HashedNewPassword = Annotated[HashedPassword, Depends(hashed_password)]
