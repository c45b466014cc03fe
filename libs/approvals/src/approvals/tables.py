"""The tables of approvals, made by a migration of each service."""

__all__ = ["APPROVAL", "DDL", "DROP", "DROP_DDL", "FUNCTIONS", "RIGHTS"]

APPROVAL: tuple[str, ...] = (
    """create table approval (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      kind text not null,
      subject_type text not null,
      subject_id uuid not null,
      reason text not null,
      facts jsonb not null,
      asked_by text not null,
      state text not null,
      decided_by text,
      decided_at timestamptz,
      note text not null,
      constraint pk_approval primary key (id),
      constraint ck_approval_decided_by_another check (decided_by <> asked_by)
    )""",
    "create index ix_approval_created_at on approval (created_at, id)",
    "create index ix_approval_updated_at on approval (updated_at, id)",
    "create index ix_approval_subject_id on approval (subject_id)",
    "create index ix_approval_state on approval (state, created_at, id)",
    """create unique index uq_approval_pending_subject_id on approval (kind, subject_id)
      where state = 'pending'""",
)
"""The questions, as a service without them makes the table."""

DDL: tuple[str, ...] = (
    """alter table approval
      add column rule_id uuid,
      add column rule_version integer,
      add column stage integer not null default 1,
      add column measures jsonb not null default '{}',
      add column currency text not null default '',
      add column fingerprint text not null default '',
      add constraint ck_approval_kind_form check (kind ~ '^[a-z][a-z_]{0,62}$'),
      add constraint ck_approval_state_known check (
        state in ('pending', 'approved', 'refused', 'withdrawn', 'voided')),
      add constraint ck_approval_decided_by_someone check (
        case when state in ('approved', 'refused') then decided_by is not null
          when state in ('pending', 'withdrawn') then decided_by is null else true end),
      add constraint ck_approval_decided_once check (
        (decided_by is null) = (decided_at is null)),
      add constraint ck_approval_rule check ((rule_id is null) = (rule_version is null))""",
    "create index ix_approval_asked_by on approval (asked_by, created_at, id)",
    """create unique index uq_approval_approved_subject_id
      on approval (kind, subject_id, fingerprint) where state = 'approved' and fingerprint <> ''""",
    """create table approval_rule (
      id uuid not null,
      version integer not null default 1,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      updated_by text not null,
      kind text not null,
      name text not null,
      position integer not null,
      conditions jsonb not null,
      steps jsonb not null,
      fallback_role text not null,
      status text not null default 'active',
      constraint pk_approval_rule primary key (id),
      constraint ck_approval_rule_version check (version >= 1),
      constraint ck_approval_rule_kind check (kind ~ '^[a-z][a-z_]{0,62}$'),
      constraint ck_approval_rule_name check (length(name) between 1 and 200),
      constraint ck_approval_rule_position check (position >= 0),
      constraint ck_approval_rule_conditions check (jsonb_typeof(conditions) = 'array'),
      constraint ck_approval_rule_steps check (
        jsonb_typeof(steps) = 'array' and jsonb_array_length(steps) between 1 and 20),
      constraint ck_approval_rule_fallback check (fallback_role <> ''),
      constraint ck_approval_rule_status check (status in ('active', 'archived'))
    )""",
    "create index ix_approval_rule_order on approval_rule (kind, position, created_at, id)",
    "create index ix_approval_rule_created_at on approval_rule (created_at, id)",
    "create index ix_approval_rule_updated_at on approval_rule (updated_at, id)",
    """alter table approval add constraint fk_approval_rule_id_approval_rule
      foreign key (rule_id) references approval_rule (id)""",
    "create index ix_approval_rule_id on approval (rule_id)",
    """create table approval_step (
      approval_id uuid not null,
      number integer not null,
      stage integer not null,
      approvers text not null,
      role text not null default '',
      user_ids uuid[] not null default '{}',
      quorum integer not null,
      fallback_role text not null default '',
      escalate_after_hours integer,
      escalate_to text not null default '',
      state text not null,
      opened_at timestamptz,
      escalate_at timestamptz,
      escalated_at timestamptz,
      constraint pk_approval_step primary key (approval_id, number),
      constraint fk_approval_step_approval_id_approval foreign key (approval_id)
        references approval (id),
      constraint ck_approval_step_number check (number >= 1 and stage >= 1),
      constraint ck_approval_step_quorum check (quorum >= 1),
      constraint ck_approval_step_approvers check (
        approvers in ('role', 'users', 'team_manager', 'permission')),
      constraint ck_approval_step_state check (
        state in ('waiting', 'open', 'approved', 'refused', 'closed')),
      constraint ck_approval_step_escalation check (
        (escalate_after_hours is null) = (escalate_to = ''))
    )""",
    """create index ix_approval_step_escalate_at on approval_step (escalate_at)
      where state = 'open' and escalated_at is null""",
    """create table approval_approver (
      id uuid not null,
      approval_id uuid not null,
      step integer not null,
      user_id uuid not null,
      source text not null,
      added_at timestamptz not null,
      constraint pk_approval_approver primary key (id),
      constraint uq_approval_approver_user_id unique (approval_id, step, user_id),
      constraint fk_approval_approver_step foreign key (approval_id, step)
        references approval_step (approval_id, number),
      constraint fk_approval_approver_user_id_local_user foreign key (user_id)
        references local_user (id),
      constraint ck_approval_approver_source check (source in
        ('role', 'users', 'team_manager', 'fallback', 'escalation', 'handover'))
    )""",
    "create index ix_approval_approver_user_id on approval_approver (user_id)",
    """create table approval_decision (
      id uuid not null,
      approval_id uuid not null,
      step integer not null,
      verdict text not null,
      decided_by text not null,
      on_behalf_of text,
      reason text not null,
      recorded_at timestamptz not null,
      constraint pk_approval_decision primary key (id),
      constraint fk_approval_decision_step foreign key (approval_id, step)
        references approval_step (approval_id, number),
      constraint ck_approval_decision_verdict check (verdict in ('approved', 'refused')),
      constraint ck_approval_decision_on_behalf_of check (on_behalf_of <> decided_by),
      constraint uq_approval_decision_decided_by unique (approval_id, step, decided_by)
    )""",
    """create unique index uq_approval_decision_for on approval_decision
      (approval_id, step, coalesce(on_behalf_of, decided_by))""",
    """create table approval_log (
      id bigint generated always as identity,
      approval_id uuid not null,
      step integer,
      what text not null,
      facts jsonb not null,
      recorded_by text not null,
      recorded_at timestamptz not null,
      constraint pk_approval_log primary key (id),
      constraint fk_approval_log_approval_id_approval foreign key (approval_id)
        references approval (id),
      constraint ck_approval_log_what check (what in ('requested', 'rerouted', 'stuck',
        'escalated', 'withdrawn', 'voided', 'handed_over'))
    )""",
    "create index ix_approval_log_approval_id on approval_log (approval_id, recorded_at, id)",
    """create table approval_delegation (
      id uuid not null,
      from_user_id uuid not null,
      to_user_id uuid not null,
      begins_on date not null,
      ends_on date not null,
      kind text,
      note text not null,
      created_by text not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      ended_by text,
      ended_at timestamptz,
      constraint pk_approval_delegation primary key (id),
      constraint fk_approval_delegation_from_user_id_local_user foreign key (from_user_id)
        references local_user (id),
      constraint fk_approval_delegation_to_user_id_local_user foreign key (to_user_id)
        references local_user (id),
      constraint ck_approval_delegation_another check (from_user_id <> to_user_id),
      constraint ck_approval_delegation_days check (ends_on >= begins_on),
      constraint ck_approval_delegation_ended check ((ended_by is null) = (ended_at is null))
    )""",
    "create index ix_approval_delegation_created_at on approval_delegation (created_at, id)",
    "create index ix_approval_delegation_updated_at on approval_delegation (updated_at, id)",
    "create index ix_approval_delegation_from_user_id on approval_delegation (from_user_id)",
    """create index ix_approval_delegation_to_user_id on approval_delegation (to_user_id, ends_on)
      where ended_at is null""",
)
"""What the engine adds to the questions: rules, steps, people, decisions, log, delegations."""

FUNCTIONS: tuple[str, ...] = (
    """create function decided_approval_stays() returns trigger language plpgsql as $$
    begin
      if tg_op = 'DELETE' then
        raise exception 'approval % is never deleted', old.id
          using errcode = 'restrict_violation';
      end if;
      if (new.kind, new.subject_type, new.subject_id, new.reason, new.facts, new.asked_by,
          new.measures, new.currency, new.fingerprint, new.rule_id, new.created_at)
        is distinct from (old.kind, old.subject_type, old.subject_id, old.reason, old.facts,
          old.asked_by, old.measures, old.currency, old.fingerprint, old.rule_id, old.created_at)
      then
        raise exception 'approval %: what was asked is never changed', old.id
          using errcode = 'restrict_violation';
      end if;
      if old.state <> 'pending' and (
        (new.state <> old.state and not (old.state = 'approved' and new.state = 'voided'))
        or (new.decided_by, new.decided_at) is distinct from (old.decided_by, old.decided_at)
        or new.note not in (old.note, '')) then
        raise exception 'approval % was decided: it is never changed', old.id
          using errcode = 'restrict_violation';
      end if;
      if old.state = 'pending' and new.state = 'approved' and (
        not exists (select from approval_step s where s.approval_id = new.id)
        or exists (select from approval_step s where s.approval_id = new.id and s.quorum > (
            select count(*) from approval_decision d where d.approval_id = s.approval_id
              and d.step = s.number and d.verdict = 'approved'))) then
        raise exception 'approval % lacks decisions', new.id
          using errcode = 'check_violation', constraint = 'ck_approval_quorum_reached';
      end if;
      return new;
    end $$""",
    """create trigger approval_stays_decided before update or delete on approval
      for each row execute function decided_approval_stays()""",
    """create function approval_decision_by_another() returns trigger language plpgsql as $$
    declare asked text; present text;
    begin
      select a.asked_by, a.state into asked, present from approval a
        where a.id = new.approval_id for update;
      if present <> 'pending' then
        raise exception 'approval % is %: nothing is left to decide', new.approval_id, present
          using errcode = 'restrict_violation';
      end if;
      if asked in (new.decided_by, new.on_behalf_of) then
        raise exception 'approval %: nobody decides what they asked for', new.approval_id
          using errcode = 'check_violation', constraint = 'ck_approval_decision_by_another';
      end if;
      return new;
    end $$""",
    """create trigger approval_decision_by_another before insert on approval_decision
      for each row execute function approval_decision_by_another()""",
    """create function approval_rows_stay() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' and tg_table_name = 'approval_decision' then
        if to_jsonb(new) - 'reason' = to_jsonb(old) - 'reason' and new.reason = '' then
          return new; -- what was written about a person is emptied when the person is erased
        end if;
      end if;
      raise exception '% is never changed', tg_table_name using errcode = 'restrict_violation';
    end $$""",
    """create trigger approval_decision_stays before update or delete on approval_decision
      for each row execute function approval_rows_stay()""",
    """create trigger approval_log_stays before update or delete on approval_log
      for each row execute function approval_rows_stay()""",
)
"""What the database itself promises; `PIN_FUNCTIONS` runs after them."""

_DROP_ADDED: tuple[str, ...] = (
    "drop table approval_delegation, approval_log, approval_decision, approval_approver",
    "drop table approval_step",
)
DROP: tuple[str, ...] = (
    *_DROP_ADDED,
    "drop table approval",
    "drop table approval_rule",
    "drop function approval_rows_stay()",
    "drop function approval_decision_by_another()",
    "drop function decided_approval_stays()",
)
"""Takes everything away."""

DROP_DDL: tuple[str, ...] = (
    *_DROP_ADDED,
    "drop trigger approval_stays_decided on approval",
    "drop index uq_approval_approved_subject_id, ix_approval_asked_by",
    """alter table approval drop column rule_id, drop column rule_version, drop column stage,
      drop column measures, drop column currency, drop column fingerprint,
      drop constraint ck_approval_kind_form, drop constraint ck_approval_state_known,
      drop constraint ck_approval_decided_by_someone, drop constraint ck_approval_decided_once""",
    "drop table approval_rule",
    "drop function approval_rows_stay()",
    "drop function approval_decision_by_another()",
    "drop function decided_approval_stays()",
)
"""Takes the engine away and leaves the questions."""

RIGHTS = {
    "approval": "select, insert, update",
    "approval_rule": "select, insert, update",
    "approval_step": "select, insert, update",
    "approval_approver": "select, insert, update, delete",
    "approval_decision": "select, insert, update (reason)",
    "approval_log": "select, insert",
    "approval_delegation": "select, insert, update (ended_by, ended_at, updated_at)",
}
"""What the runtime role may do: who was asked is deleted where others are asked instead, which the
log says; decisions and the log are not changed."""
