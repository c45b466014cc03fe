"""The tables of identity: keys of machines, users of this service, their sessions."""

__all__ = [
    "DDL",
    "DROP_INVITATIONS",
    "DROP_SECOND_FACTORS",
    "ENCRYPTED_FACTORS",
    "FORMER_SECRETS",
    "INVITATIONS",
    "KEY_SYSTEMS",
    "LAST_ADMINISTRATOR",
    "REVOKED_BY",
    "RIGHTS",
    "SECOND_FACTORS",
    "SESSION_PLACES",
]

DDL: tuple[str, ...] = (
    """create table api_key (
      id uuid not null,
      name text not null,
      prefix text not null,
      secret_hash bytea not null,
      scopes text[] not null,
      created_at timestamptz not null default now(),
      created_by text not null,
      expires_at timestamptz,
      revoked_at timestamptz,
      last_used_at timestamptz,
      constraint pk_api_key primary key (id),
      constraint uq_api_key_secret_hash unique (secret_hash),
      constraint uq_api_key_prefix unique (prefix),
      constraint ck_api_key_name check (length(name) between 1 and 100),
      constraint ck_api_key_secret_hash check (length(secret_hash) = 32),
      constraint ck_api_key_scopes check (cardinality(scopes) > 0)
    )""",
    "create index ix_api_key_created_at on api_key (created_at desc, id desc)",
    """create table local_user (
      id uuid not null,
      login text not null,
      name text not null,
      password_hash text not null,
      roles text[] not null,
      active boolean not null default true,
      language text,
      version integer not null default 1,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      constraint pk_local_user primary key (id),
      constraint uq_local_user_login unique (login),
      constraint ck_local_user_login check (login ~ '^[a-z0-9][a-z0-9._@+-]{0,99}$'),
      constraint ck_local_user_name check (length(name) between 1 and 200)
    )""",
    """create table user_session (
      id uuid not null,
      user_id uuid not null,
      secret_hash bytea not null,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      ended_at timestamptz,
      constraint pk_user_session primary key (id),
      constraint uq_user_session_secret_hash unique (secret_hash),
      constraint fk_user_session_user_id_local_user foreign key (user_id)
        references local_user (id),
      constraint ck_user_session_secret_hash check (length(secret_hash) = 32)
    )""",
    "create index ix_user_session_user_id on user_session (user_id)",
    """create table login_failure (
      login text not null,
      failures integer not null,
      failed_at timestamptz not null,
      constraint pk_login_failure primary key (login)
    )""",
)
"""`login_failure` is written by releases before 0.1.8 alone; a later one drops it."""

KEY_SYSTEMS = "alter table api_key add column systems text[] not null default '{}'"
"""A change of a later migration: reserved names of other systems that a key may speak for."""

REVOKED_BY = "alter table api_key add column revoked_by text"

LAST_ADMINISTRATOR: tuple[str, ...] = (
    """create function last_administrator_stays() returns trigger language plpgsql
      set search_path = pg_catalog, public, pg_temp as $$
    begin
      perform pg_advisory_xact_lock(hashtextextended('last_administrator', 0));
      if not exists (select from local_user where active and 'admin' = any(roles)) then
        raise exception 'no administrator would be left'
          using errcode = 'check_violation', constraint = 'last_administrator';
      end if;
      return null;
    end $$""",
    """create trigger last_administrator_stays after update of active, roles on local_user
      for each row when (old.active and 'admin' = any(old.roles)
        and not (new.active and 'admin' = any(new.roles)))
      execute function last_administrator_stays()""",
    """create trigger last_administrator_is_kept after delete on local_user
      for each row when (old.active and 'admin' = any(old.roles))
      execute function last_administrator_stays()""",
)
"""Acts that take an administrator away wait for each other; each sees what the one before did."""

FORMER_SECRETS: tuple[str, ...] = (
    """create table api_key_former_secret (
      key_id uuid not null,
      secret_hash bytea not null,
      replaced_at timestamptz not null,
      expires_at timestamptz not null,
      ended_at timestamptz,
      last_used_at timestamptz,
      constraint pk_api_key_former_secret primary key (secret_hash),
      constraint fk_api_key_former_secret_key_id_api_key foreign key (key_id)
        references api_key (id),
      constraint ck_api_key_former_secret_secret_hash check (length(secret_hash) = 32),
      constraint ck_api_key_former_secret_expires_at check (
        expires_at between replaced_at and replaced_at + interval '168 hours'),
      constraint ck_api_key_former_secret_ended_at check (ended_at >= replaced_at)
    )""",
    """create unique index uq_api_key_former_secret_key_id on api_key_former_secret (key_id)
      where ended_at is null""",
)
"""Secrets that keys had before; the last one works until `expires_at`, those before it do not."""

RIGHTS = {
    "api_key": "select, insert, update (name, prefix, secret_hash, scopes, systems,"
    " last_used_at, revoked_at, revoked_by)",
    "audit_entry": "select, insert",
    "api_key_former_secret": "select, insert, update (ended_at, last_used_at)",
    "local_user": "select, insert, update",
    "user_session": "select, insert, update, delete",
    "second_factor": "select, insert, delete,"
    " update (secret, enrolled_at, confirmed_at, last_step)",
    "recovery_code": "select, insert, update (used_at, replaced_at)",
    "invitation": "select, insert, update (used_at, ended_at)",
    "login_failure": "select, delete",
}
"""What the runtime role may do: keys stay, also those revoked; who made them, and how long they
live, never changes. Scopes follow the bootstrap file, secrets are rotated. Recovery codes go with
their factor alone."""

SESSION_PLACES: tuple[str, ...] = (
    """alter table user_session
      add column source text not null default '',
      add column user_agent text not null default '',
      add column last_used_at timestamptz,
      add constraint ck_user_session_source check (length(source) <= 100),
      add constraint ck_user_session_user_agent check (length(user_agent) <= 200)""",
    "create index ix_user_session_created_at on user_session (created_at desc, id desc)",
)
"""From where a session was begun, by which program, and when it was used last."""

SECOND_FACTORS: tuple[str, ...] = (
    """create table second_factor (
      user_id uuid not null,
      secret text not null,
      enrolled_at timestamptz not null,
      confirmed_at timestamptz,
      last_step bigint,
      constraint pk_second_factor primary key (user_id),
      constraint fk_second_factor_user_id_local_user foreign key (user_id)
        references local_user (id) on delete cascade,
      constraint ck_second_factor_secret check (secret ~ '^[A-Z2-7]{32,64}$'),
      constraint ck_second_factor_last_step check ((confirmed_at is null) = (last_step is null))
    )""",
    """create table recovery_code (
      user_id uuid not null,
      code_hash bytea not null,
      used_at timestamptz,
      constraint pk_recovery_code primary key (user_id, code_hash),
      constraint fk_recovery_code_user_id_second_factor foreign key (user_id)
        references second_factor (user_id) on delete cascade,
      constraint ck_recovery_code_code_hash check (length(code_hash) = 32)
    )""",
)
"""`last_step` is the step of 30 seconds whose code was used last: none before it counts again."""

ENCRYPTED_FACTORS: tuple[str, ...] = (
    "alter table second_factor drop constraint ck_second_factor_secret",
    """alter table second_factor add constraint ck_second_factor_secret check (
      secret ~ '^([A-Z2-7]{32,64}|aes:[0-9a-f]{16}:[A-Za-z0-9+/]{80,128}={0,2})$')""",
)
"""Secrets are encrypted; those that a release before stored plainly are, at the next start."""

INVITATIONS: tuple[str, ...] = (
    "alter table user_session add column proved_at timestamptz",
    "alter table local_user add column enrols_by_invitation boolean not null default false",
    """alter table recovery_code add column replaced_at timestamptz,
      add constraint ck_recovery_code_replaced_at check (used_at is null or replaced_at is null)""",
    """create table invitation (
      id uuid not null,
      user_id uuid not null,
      purpose text not null,
      token_hash bytea not null,
      issued_at timestamptz not null,
      issued_by text not null,
      expires_at timestamptz not null,
      used_at timestamptz,
      ended_at timestamptz,
      constraint pk_invitation primary key (id),
      constraint uq_invitation_token_hash unique (token_hash),
      constraint fk_invitation_user_id_local_user foreign key (user_id)
        references local_user (id) on delete cascade,
      constraint ck_invitation_purpose check (purpose in ('password', 'second_factor')),
      constraint ck_invitation_token_hash check (length(token_hash) = 32),
      constraint ck_invitation_expires_at check (
        expires_at > issued_at and expires_at <= issued_at + interval '720 hours'),
      constraint ck_invitation_used_at check (used_at is null or ended_at is null)
    )""",
    """create unique index uq_invitation_user_id_purpose on invitation (user_id, purpose)
      where used_at is null and ended_at is null""",
    """create function invitation_counts_once() returns trigger language plpgsql
      set search_path = pg_catalog, public, pg_temp as $$
    begin
      raise exception 'an invitation that was used or ended stays so'
        using errcode = 'check_violation', constraint = 'invitation_counts_once';
    end $$""",
    """create trigger invitation_counts_once before update on invitation for each row
      when (old.used_at is not null or old.ended_at is not null)
      execute function invitation_counts_once()""",
)
"""One-time tokens by which people set a password, or enrol a second factor that was reset. Of one
user and purpose one counts. `proved_at`: when the session's person said password and code again."""

DROP_INVITATIONS: tuple[str, ...] = (
    "drop table invitation",
    "drop function invitation_counts_once()",
    "alter table local_user drop column enrols_by_invitation",
    "alter table user_session drop column proved_at",
    "delete from recovery_code where replaced_at is not null",
    "alter table recovery_code drop column replaced_at",
)

DROP_SECOND_FACTORS: tuple[str, ...] = ("drop table recovery_code", "drop table second_factor")
