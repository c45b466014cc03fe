"""Users who left: what is known of one is handed out, and name and login are taken out.

The user's id stays: the history goes on saying which things one person did, not who that was.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from chassis.problems.standard import NotFound
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from identity.users import ERASED_LOGIN
from records.erasure.errors import UserIsActive
from records.erasure.outbox import ERASED, redact_events
from records.erasure.persons import ErasedPerson, personal_data, record_erasure, report_of
from records.erasure.schemas import ErasureReport, KeptPart, PersonalDataView
from records.erasure.service import erase_replies
from records.erasure.views import erase_views, pattern_of

__all__ = ["USER", "ProfileOf", "erase_user", "local_user", "user_data"]

USER = "user"
ProfileOf = Callable[[Reading, UUID], Awaitable[dict[str, Any]]]
"""All that a service keeps of a user itself. Raises NotFound."""

_PROFILE = """select id, login, name, roles, active, language, created_at, updated_at
  from local_user where id = $1"""
_LOCK = "select login, name, active from local_user where id = $1 for update"
_EMPTY = """update local_user set login = $2, name = $3, password_hash = '', roles = '{}',
    language = null, version = version + 1, updated_at = $4 where id = $1"""
_NAMES = (
    ("history", "record_change", "actor", "actor_name"),
    ("tag_changes", "record_tag_change", "actor", "actor_name"),
    ("notes_written", "note", "author", "author_name"),
    ("files_added", "attachment", "added_by", "added_by_name"),
    ("files_deleted", "attachment", "deleted_by", "deleted_by_name"),
    ("views_shared", "saved_view", "owner", "owner_name"),
)
"""Where the name stands beside the reference: the word of the report, table, columns."""
_ACTORS = ("record_export", "record_import")
_OWN_VIEWS = """with gone as (delete from saved_view
    where owner = $1 and shared_with = 'nobody' returning 1) select count(*) from gone"""
_MENTIONED = """update note set text = regexp_replace(text, $2, '@' || $3, 'gi'),
    version = version + 1, updated_at = $4
  where $1 = any(mentions) returning id"""
_KEYS = """with named as (update api_key set name = $2 where name ~* $1 returning 1)
  select count(*) from named"""
_CHANGED = """select record_type, (changed_at at time zone 'UTC')::date as day,
    count(*) as changes
  from record_change where actor = $1 group by 1, 2 order by 2, 1"""
_WRITTEN = """select to_jsonb(n) - '{author_name,search}'::text[] as row from note n
  where n.author = $1 order by n.created_at, n.id"""
_ADDED = """select to_jsonb(a) - '{sha256,added_by_name}'::text[] as row from attachment a
  where a.added_by = $1 order by a.created_at, a.id"""
_OTHERS = """select row || jsonb_build_object('document_type', document_type) as row from (
    select 'session' as document_type, created_at,
        jsonb_build_object('id', id, 'created_at', created_at, 'expires_at', expires_at,
          'ended_at', ended_at, 'source', source, 'user_agent', user_agent,
          'last_used_at', last_used_at) as row
      from user_session where user_id = $2
    union all select 'saved_view', created_at, to_jsonb(v) - 'owner_name'
      from saved_view v where owner = $1
    union all select 'api_key', created_at,
        jsonb_build_object('id', id, 'name', name, 'prefix', prefix, 'created_at', created_at)
      from api_key where created_by = $1
    union all select 'export', created_at,
        jsonb_build_object('id', id, 'record_type', record_type, 'created_at', created_at)
      from record_export where made_by = $1
    union all select 'import', created_at,
        jsonb_build_object('id', id, 'record_type', record_type, 'file_name', file_name,
          'created_at', created_at)
      from record_import where made_by = $1) d(document_type, created_at, row)
  order by document_type, created_at"""

_BY_ID = (
    "What the user did stays with a pseudonymous id: who books are kept by must be told apart for "
    "as long as they are kept. Nothing leads from the id to the person any more."
)
_OWNED = "Accounts and tasks of the user stay with that id until somebody else takes them over."


async def local_user(at: Reading, user_id: UUID) -> dict[str, Any]:
    """The user as every service keeps it. Raises NotFound."""
    row = await at.sql.fetchrow(_PROFILE, user_id)
    if row is None:
        raise NotFound(entity=USER, id=user_id)
    return dict(row)


async def erase_user(work: Work, user_id: UUID, profile: dict[str, Any]) -> ErasureReport:
    """Take login, name and address out of all that is kept of a user who left.

    Raises NotFound, UserIsActive.
    """
    row = await work.sql.fetchrow(_LOCK, user_id)
    if row is None:
        raise NotFound(entity=USER, id=user_id)
    if row["active"]:
        raise UserIsActive(login=row["login"])
    login, name = row["login"], row["name"]
    pseudonym = f"{ERASED_LOGIN}{user_id.hex[-12:]}"
    is_known = login == pseudonym
    counts = {} if is_known else await _erase(work, user_id, (login, name, pseudonym), profile)
    if not is_known:
        await record_erasure(work, [(USER, user_id)])
    kept = [
        KeptPart(what="acts", count=None, why=_BY_ID),
        KeptPart(what="owned_records", count=None, why=_OWNED),
    ]
    return report_of(work, (USER, user_id), ErasedPerson([name], counts, 0), kept)


async def _erase(
    work: Work, user_id: UUID, words: tuple[str, str, str], profile: dict[str, Any]
) -> dict[str, int]:
    login, name, pseudonym = words
    reference = f"user:{user_id}"
    await work.sql.execute(_EMPTY, user_id, pseudonym, ERASED, work.now)
    await work.sql.execute("delete from user_session where user_id = $1", user_id)
    await work.sql.execute("delete from second_factor where user_id = $1", user_id)
    await work.sql.execute("delete from login_failure where login = $1", login)
    await work.sql.execute("delete from default_view where actor = $1", reference)
    counts = {"records": 1, "saved_views": await work.sql.fetchval(_OWN_VIEWS, reference)}
    for what, table, by, called in _NAMES:
        counts[what] = _count(
            await work.sql.execute(
                f"update {table} set {called} = '' where {by} = $1 and {called} <> ''", reference
            )
        )
    for table in _ACTORS:
        sql = (
            f"""update {table} set actor = jsonb_set(actor, '{{name}}', '""') where made_by = $1"""
        )
        await work.sql.execute(sql, reference)
    mention = rf"[@\uFF20]{re.escape(login)}(?![._@+-]*[A-Za-z0-9])"
    notes = await work.sql.fetch(_MENTIONED, user_id, mention, pseudonym, work.now)
    counts["mentions"] = len(notes)
    counts["events"] = await redact_events(work.sql, [one["id"] for one in notes], ["text"])
    looked_for = [login, name, str(profile.get("email") or "")]
    views = await erase_views(work, looked_for)
    counts["saved_views"] += len(views)
    counts["keys"] = await work.sql.fetchval(_KEYS, pattern_of(looked_for), ERASED)
    counts["replies"] = await erase_replies(work, [user_id, *views])
    return counts


def _count(done: str) -> int:
    """The rows of a command, by its tag: `UPDATE 3`."""
    return int(done.rpartition(" ")[2])


async def user_data(at: Reading, user_id: UUID, profile: dict[str, Any]) -> PersonalDataView:
    """All that is known of a user: what it is, and what it wrote and did."""
    reference = f"user:{user_id}"
    written, added = [
        [row["row"] for row in await at.sql.fetch(sql, reference)] for sql in (_WRITTEN, _ADDED)
    ]
    known = {
        "records": [{"record_type": USER} | profile],
        "history": [dict(row) for row in await at.sql.fetch(_CHANGED, reference)],
        "notes": written,
        "attachments": added,
    }
    others = await at.sql.fetch(_OTHERS, reference, user_id)
    documents = [row["row"] for row in others]
    return personal_data(at, (USER, user_id), [known], events=[], documents=documents)
