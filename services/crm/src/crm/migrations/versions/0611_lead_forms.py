"""Public forms for leads: what they ask, what was sent, agreed to and confirmed.

Revision ID: 0611
Revises: 0610
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS
from records.custom.tables import add_values

revision = "0611"
down_revision = "0610"

INDEXES = ("created_at, id", "updated_at, id", "sort_key, id", "status, created_at, id")
TABLES = (
    """create table lead_form (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      code text not null,
      name text not null,
      sort_key text collate "C" not null,
      name_zh text not null,
      inputs jsonb not null,
      consent_text text not null,
      consent_text_zh text not null,
      consent_version text not null,
      confirmed boolean not null,
      source text not null,
      campaign text not null,
      min_seconds smallint not null,
      stamp_key bytea not null,
      status text not null,
      constraint pk_lead_form primary key (id),
      constraint uq_lead_form_code unique (code),
      constraint ck_lead_form_code_form check (code ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
      constraint ck_lead_form_name_given check (name <> ''),
      constraint ck_lead_form_status_known check (status in ('active', 'archived')),
      constraint ck_lead_form_inputs_listed check (jsonb_typeof(inputs) = 'array'),
      constraint ck_lead_form_min_seconds_range check (min_seconds between 0 and 600),
      constraint ck_lead_form_stamp_key_length check (length(stamp_key) = 32),
      constraint ck_lead_form_consent_whole
        check ((consent_text = '') = (consent_version = '')),
      constraint ck_lead_form_confirmed_says_what check (not confirmed or consent_text <> '')
    )""",
    """create table lead_form_post (
      id uuid not null,
      form_id uuid not null,
      digest bytea not null,
      outcome text not null,
      lead_id uuid,
      created_at timestamptz not null,
      constraint pk_lead_form_post primary key (id),
      constraint uq_lead_form_post_digest unique (digest),
      constraint fk_lead_form_post_form_id_lead_form
        foreign key (form_id) references lead_form (id),
      constraint fk_lead_form_post_lead_id_lead foreign key (lead_id) references lead (id)
        deferrable initially deferred,
      constraint ck_lead_form_post_outcome_known check (outcome in ('lead', 'robot')),
      constraint ck_lead_form_post_lead_made
        check ((outcome = 'lead') = (lead_id is not null))
    )""",
    "create index ix_lead_form_post_form_id on lead_form_post (form_id, outcome)",
    """create index ix_lead_form_post_lead_id on lead_form_post (lead_id)
      where lead_id is not null""",
    """create table lead_consent (
      id uuid not null,
      lead_id uuid not null,
      form_id uuid not null,
      channel text not null,
      state text not null,
      text text not null,
      text_version text not null,
      proof text not null,
      source_address text not null,
      agreed_at timestamptz not null,
      emptied boolean default false not null,
      constraint pk_lead_consent primary key (id),
      constraint fk_lead_consent_lead_id_lead foreign key (lead_id) references lead (id),
      constraint fk_lead_consent_form_id_lead_form foreign key (form_id) references lead_form (id),
      constraint ck_lead_consent_state_known check (state in ('unknown', 'granted', 'refused')),
      constraint ck_lead_consent_channel_known check (channel in ('email', 'phone')),
      constraint ck_lead_consent_proof_known check (proof in ('form', 'confirmation'))
    )""",
    "create index ix_lead_consent_lead_id_agreed_at on lead_consent (lead_id, agreed_at, id)",
    """create table lead_confirmation (
      lead_id uuid not null,
      form_id uuid not null,
      language text not null,
      token_hash bytea,
      expires_at timestamptz,
      used_at timestamptz,
      constraint pk_lead_confirmation primary key (lead_id),
      constraint uq_lead_confirmation_token_hash unique (token_hash),
      constraint fk_lead_confirmation_lead_id_lead foreign key (lead_id) references lead (id),
      constraint fk_lead_confirmation_form_id_lead_form
        foreign key (form_id) references lead_form (id),
      constraint ck_lead_confirmation_token_hash_length check (length(token_hash) = 32),
      constraint ck_lead_confirmation_token_expires
        check ((token_hash is null) = (expires_at is null))
    )""",
)
CONSENTS_STAY = (
    """create function lead_consent_stays() returns trigger language plpgsql as $$ begin
      if tg_op = 'UPDATE' and new.source_address = '' and new.emptied
        and (new.id, new.lead_id, new.form_id, new.channel, new.state, new.text, new.text_version,
          new.proof, new.agreed_at) is not distinct from
          (old.id, old.lead_id, old.form_id, old.channel, old.state, old.text, old.text_version,
          old.proof, old.agreed_at) then
        return new;
      end if;
      raise exception 'consents of leads are never changed' using errcode = 'restrict_violation';
    end $$""",
    """create trigger lead_consent_stays before update or delete on lead_consent
      for each row execute function lead_consent_stays()""",
    """create trigger lead_consent_stays_whole before truncate on lead_consent
      for each statement execute function lead_consent_stays()""",
)


def upgrade() -> None:
    """Create the tables, their indexes and the trigger."""
    for statement in TABLES:
        op.execute(statement)
    for columns in INDEXES:
        name = columns.removesuffix(", id").replace(", ", "_")
        op.execute(f"create index ix_lead_form_{name} on lead_form ({columns})")
    for statement in (*add_values("lead_form"), *CONSENTS_STAY):
        op.execute(statement)
    op.execute(PIN_FUNCTIONS)


def downgrade() -> None:
    """Drop the tables, and the function of the trigger."""
    op.execute("drop table lead_confirmation, lead_consent, lead_form_post, lead_form")
    op.execute("drop function lead_consent_stays()")
