"""The table of the audit log, its hash chain, and what the tables of identity write to it.

Entries of keys, people and sessions are written by triggers: an act leaves its entry by whichever
way it comes, by SQL as well, and in the same transaction.
"""

__all__ = [
    "AUDIT",
    "AUDIT_OF_CALLERS",
    "AUDIT_OF_FACTORS",
    "AUDIT_OF_INVITATIONS",
    "DROP_AUDIT",
    "DROP_AUDIT_OF_CALLERS",
    "DROP_AUDIT_OF_FACTORS",
    "DROP_AUDIT_OF_INVITATIONS",
]

_PATH = "set search_path = pg_catalog, public, pg_temp"

AUDIT: tuple[str, ...] = (
    """create table audit_entry (
      id uuid not null default gen_random_uuid(),
      position bigint not null,
      occurred_at timestamptz not null,
      act text not null,
      actor text not null,
      source text,
      subject text,
      request_id text,
      correlation_id uuid,
      details jsonb not null default '{}',
      previous_hash bytea not null,
      hash bytea not null,
      constraint pk_audit_entry primary key (position),
      constraint uq_audit_entry_id unique (id),
      constraint uq_audit_entry_hash unique (hash),
      constraint ck_audit_entry_act check (act ~ '^[a-z_]+[.][a-z_]+$'),
      constraint ck_audit_entry_actor check (length(actor) between 1 and 200),
      constraint ck_audit_entry_details check (jsonb_typeof(details) = 'object'),
      constraint ck_audit_entry_hashes check (length(previous_hash) = 32 and length(hash) = 32)
    )""",
    "create index ix_audit_entry_occurred_at on audit_entry (occurred_at, position)",
    "create index ix_audit_entry_act on audit_entry (act, position)",
    "create index ix_audit_entry_actor on audit_entry (actor, position)",
    "create index ix_audit_entry_source on audit_entry (source, position)",
    "create index ix_audit_entry_subject on audit_entry (subject, position)",
    f"""create function audit_content(entry audit_entry) returns text language sql stable
      {_PATH} as $$
      select jsonb_build_array(
        entry.position,
        to_char(entry.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        entry.act, entry.actor, entry.source, entry.subject, entry.request_id,
        entry.correlation_id, entry.details, entry.id)::text
    $$""",
    f"""create function audit_entry_is_chained() returns trigger language plpgsql {_PATH} as $$
    declare
      last record;
    begin
      perform pg_advisory_xact_lock(hashtextextended('audit_entry', 0));
      select position, hash into last from audit_entry order by position desc limit 1;
      new.position := coalesce(last.position, 0) + 1;
      new.previous_hash := coalesce(last.hash, decode(repeat('00', 32), 'hex'));
      new.hash := sha256(new.previous_hash || convert_to(audit_content(new), 'UTF8'));
      return new;
    end $$""",
    """create trigger audit_entry_is_chained before insert on audit_entry
      for each row execute function audit_entry_is_chained()""",
    f"""create function audit_entry_stays() returns trigger language plpgsql {_PATH} as $$
    begin
      raise exception 'entries of the audit log are neither changed nor deleted'
        using errcode = 'check_violation', constraint = 'audit_entry_stays';
    end $$""",
    """create trigger audit_entry_stays before update or delete or truncate on audit_entry
      for each statement execute function audit_entry_stays()""",
    f"""create function write_audit_entry(act text, subject text, details jsonb) returns void
      language sql {_PATH} as $$
      insert into audit_entry (occurred_at, act, actor, source, subject, request_id,
        correlation_id, details)
      values (clock_timestamp(), act,
        coalesce(nullif(current_setting('tandem.actor', true), ''), 'database:' || session_user),
        nullif(current_setting('tandem.source', true), ''), subject,
        nullif(current_setting('tandem.request_id', true), ''),
        nullif(current_setting('tandem.correlation_id', true), '')::uuid, details)
    $$""",
)
"""An entry's hash is the SHA-256 of the hash of the entry before and of its content, as text."""

AUDIT_OF_CALLERS: tuple[str, ...] = (
    f"""create function audit_api_key() returns trigger language plpgsql {_PATH} as $$
    declare
      was jsonb := to_jsonb(old) - 'secret_hash' - 'last_used_at';
      is_now jsonb := to_jsonb(new) - 'secret_hash' - 'last_used_at';
    begin
      if tg_op = 'INSERT' then
        perform write_audit_entry('key.created', 'key:' || new.id, is_now - 'id' - 'created_at');
      elsif tg_op = 'DELETE' then
        perform write_audit_entry('key.deleted', 'key:' || old.id, was - 'id');
      else
        perform write_audit_entry(
          case when old.revoked_at is null and new.revoked_at is not null then 'key.revoked'
            when new.secret_hash <> old.secret_hash then 'key.rotated' else 'key.changed' end,
          'key:' || new.id,
          (select coalesce(jsonb_object_agg(key, jsonb_build_array(was -> key, value)), '{{}}')
             from jsonb_each(is_now) where value is distinct from was -> key));
      end if;
      return null;
    end $$""",
    """create trigger audit_api_key after insert or delete on api_key
      for each row execute function audit_api_key()""",
    """create trigger audit_api_key_changed after update on api_key for each row
      when ((to_jsonb(old) - 'last_used_at') is distinct from (to_jsonb(new) - 'last_used_at'))
      execute function audit_api_key()""",
    f"""create function audit_local_user() returns trigger language plpgsql {_PATH} as $$
    declare
      fields jsonb := '{{}}';
    begin
      if tg_op = 'INSERT' then
        perform write_audit_entry(
          'user.created', 'user:' || new.id, jsonb_build_object('roles', new.roles));
        return null;
      elsif tg_op = 'DELETE' then
        perform write_audit_entry(
          'user.deleted', 'user:' || old.id, jsonb_build_object('roles', old.roles));
        return null;
      end if;
      if new.password_hash is distinct from old.password_hash then
        perform write_audit_entry('user.password_changed', 'user:' || new.id, '{{}}');
      end if;
      if new.roles is distinct from old.roles then
        fields := fields || jsonb_build_object('roles', jsonb_build_array(old.roles, new.roles));
      end if;
      if new.active is distinct from old.active then
        fields := fields || jsonb_build_object('active', jsonb_build_array(old.active, new.active));
      end if;
      if new.login is distinct from old.login then
        fields := fields || '{{"login": "changed"}}';
      end if;
      if fields <> '{{}}' then
        perform write_audit_entry('user.changed', 'user:' || new.id, fields);
      end if;
      return null;
    end $$""",
    """create trigger audit_local_user after insert or delete on local_user
      for each row execute function audit_local_user()""",
    """create trigger audit_local_user_changed after update on local_user for each row
      when (old.version is distinct from new.version or old.roles is distinct from new.roles
        or old.active is distinct from new.active or old.login is distinct from new.login)
      execute function audit_local_user()""",
    f"""create function audit_user_session() returns trigger language plpgsql {_PATH} as $$
    begin
      perform write_audit_entry(
        case tg_op when 'INSERT' then 'session.begun' else 'session.ended' end,
        'user:' || new.user_id, jsonb_build_object('session_id', new.id));
      return null;
    end $$""",
    """create trigger audit_user_session after insert on user_session
      for each row execute function audit_user_session()""",
    """create trigger audit_user_session_ended after update on user_session for each row
      when (old.ended_at is null and new.ended_at is not null)
      execute function audit_user_session()""",
)
"""No login or name stands in an entry: it stays when the person is erased.

A hash of a password that is made anew while its owner logs in is no change of it.
"""

DROP_AUDIT_OF_CALLERS: tuple[str, ...] = (
    "drop trigger audit_user_session_ended on user_session",
    "drop trigger audit_user_session on user_session",
    "drop trigger audit_local_user_changed on local_user",
    "drop trigger audit_local_user on local_user",
    "drop trigger audit_api_key_changed on api_key",
    "drop trigger audit_api_key on api_key",
    "drop function audit_user_session()",
    "drop function audit_local_user()",
    "drop function audit_api_key()",
)

AUDIT_OF_FACTORS: tuple[str, ...] = (
    f"""create function audit_second_factor() returns trigger language plpgsql {_PATH} as $$
    declare
      was_confirmed boolean := old.confirmed_at is not null;
      is_confirmed boolean := new.confirmed_at is not null;
    begin
      perform write_audit_entry(
        case when is_confirmed and was_confirmed then 'factor.changed'
          when is_confirmed then 'factor.confirmed' else 'factor.removed' end,
        'user:' || coalesce(new.user_id, old.user_id), '{{}}');
      return null;
    end $$""",
    """create trigger audit_second_factor after insert on second_factor for each row
      when (new.confirmed_at is not null) execute function audit_second_factor()""",
    """create trigger audit_second_factor_changed after update on second_factor for each row
      when ((old.confirmed_at is null) <> (new.confirmed_at is null)
        or new.confirmed_at is not null and (old.user_id, old.secret) <> (new.user_id, new.secret))
      execute function audit_second_factor()""",
    """create trigger audit_second_factor_removed after delete on second_factor for each row
      when (old.confirmed_at is not null) execute function audit_second_factor()""",
    f"""create function audit_recovery_code() returns trigger language plpgsql {_PATH} as $$
    begin
      perform write_audit_entry('factor.recovery_code_used', 'user:' || new.user_id, '{{}}');
      return null;
    end $$""",
    """create trigger audit_recovery_code after update on recovery_code for each row
      when (old.used_at is null and new.used_at is not null)
      execute function audit_recovery_code()""",
)
"""A secret that waits to be confirmed counts for nothing and is not entered."""

DROP_AUDIT_OF_FACTORS: tuple[str, ...] = (
    "drop trigger audit_recovery_code on recovery_code",
    "drop trigger audit_second_factor_removed on second_factor",
    "drop trigger audit_second_factor_changed on second_factor",
    "drop trigger audit_second_factor on second_factor",
    "drop function audit_recovery_code()",
    "drop function audit_second_factor()",
)

AUDIT_OF_INVITATIONS: tuple[str, ...] = (
    f"""create function audit_invitation() returns trigger language plpgsql {_PATH} as $$
    begin
      perform write_audit_entry(
        case when tg_op = 'INSERT' then 'invitation.issued'
          when new.used_at is not null then 'invitation.used' else 'invitation.ended' end,
        'user:' || new.user_id,
        jsonb_build_object('purpose', new.purpose, 'expires_at', new.expires_at));
      return null;
    end $$""",
    """create trigger audit_invitation after insert or update on invitation
      for each row execute function audit_invitation()""",
    f"""create function audit_session_proof() returns trigger language plpgsql {_PATH} as $$
    begin
      perform write_audit_entry('session.proved', 'user:' || new.user_id,
        jsonb_build_object('session_id', new.id));
      return null;
    end $$""",
    """create trigger audit_session_proof after update on user_session for each row
      when (old.proved_at is distinct from new.proved_at)
      execute function audit_session_proof()""",
)

DROP_AUDIT_OF_INVITATIONS: tuple[str, ...] = (
    "drop trigger audit_session_proof on user_session",
    "drop function audit_session_proof()",
    "drop trigger audit_invitation on invitation",
    "drop function audit_invitation()",
)

DROP_AUDIT: tuple[str, ...] = (
    "drop function write_audit_entry(text, text, jsonb)",
    "drop trigger audit_entry_stays on audit_entry",
    "drop function audit_content(audit_entry)",
    "drop table audit_entry",
    "drop function audit_entry_stays()",
    "drop function audit_entry_is_chained()",
)
