"""Paths of changeovers, shared resources and scheduling profiles."""

from chassis.http.routing import api_router
from chassis.problems.standard import MissingReference
from erp.catalog.errors import DuplicateCode, FixedCode
from erp.scheduling.errors import DuplicateChangeover, DuplicateSharedResource
from erp.scheduling.schemas.masters import (
    ChangeChangeover,
    ChangeSchedulingProfile,
    ChangeSharedResource,
    NewChangeover,
    NewSchedulingProfile,
    NewSharedResource,
    UpsertChangeover,
    UpsertSchedulingProfile,
    UpsertSharedResource,
)
from erp.scheduling.service.masters import CHANGEOVER, SCHEDULING_PROFILE, SHARED_RESOURCE
from records.annotations import annotate
from records.routes import RecordRoutes
from records.sheets.kinds import Reference

__all__ = [
    "changeover",
    "changeover_router",
    "scheduling_profile",
    "scheduling_profile_router",
    "shared_resource",
    "shared_resource_router",
]

READ, WRITE = "scheduling.read", "scheduling.write"

changeover_router = api_router(prefix="/v1/changeovers", tag="changeovers")
changeover = RecordRoutes(
    changeover_router,
    CHANGEOVER,
    one="changeover",
    many="changeovers",
    read=READ,
    write=WRITE,
)
_TAKEN = (MissingReference, DuplicateChangeover)
changeover.list("How long it takes to set up from one family to another, the newest first.")
changeover.create(NewChangeover, "Say how long a changeover takes.", refuses=_TAKEN)
changeover.upsert(UpsertChangeover, refuses=_TAKEN)
changeover.csv(references={"work_centre": Reference("work_centre", codes=("code",), take="code")})
changeover.get()
changeover.history()
changeover.change(ChangeChangeover)
changeover.archive("Let the changeover count no more.", "Let the changeover count again.")
annotate(changeover.paths)

shared_resource_router = api_router(prefix="/v1/shared-resources", tag="shared-resources")
shared_resource = RecordRoutes(
    shared_resource_router,
    SHARED_RESOURCE,
    one="shared resource",
    many="shared resources",
    read=READ,
    write=WRITE,
    refuses=(MissingReference,),
)
shared_resource.list("Skills and tools that operations share, the newest first.")
shared_resource.create(
    NewSharedResource,
    "Say how many of a skill or tool there are.",
    refuses=(DuplicateSharedResource,),
)
shared_resource.upsert(UpsertSharedResource, refuses=(DuplicateSharedResource,))
shared_resource.csv(references={"calendar_id": Reference("calendar", codes=("name",))})
shared_resource.get()
shared_resource.history()
shared_resource.change(ChangeSharedResource)
shared_resource.archive(
    "Let the shared resource limit nothing more.", "Let the shared resource count again."
)
annotate(shared_resource.paths)

scheduling_profile_router = api_router(prefix="/v1/scheduling-profiles", tag="scheduling-profiles")
scheduling_profile = RecordRoutes(
    scheduling_profile_router,
    SCHEDULING_PROFILE,
    one="scheduling profile",
    many="scheduling profiles",
    read=READ,
    write=WRITE,
)
scheduling_profile.list("How schedules are made, the newest first.")
scheduling_profile.create(
    NewSchedulingProfile, "Say how schedules are made.", refuses=(DuplicateCode,)
)
scheduling_profile.upsert(UpsertSchedulingProfile, refuses=(DuplicateCode, FixedCode))
scheduling_profile.csv(key="code")
scheduling_profile.get()
scheduling_profile.history()
scheduling_profile.change(ChangeSchedulingProfile)
scheduling_profile.archive(
    "Make no more schedules by the profile.", "Make schedules by the profile again."
)
annotate(scheduling_profile.paths)
