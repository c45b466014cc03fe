"""The tables of events: outbox, its numbers, who has read how far. Made by the first migration.

`outbox.written` is drawn from a sequence while the aggregate's row is locked and only after the
transaction has its xid. So of one aggregate a later version has a larger number, whatever the
clocks of the writers say, and a number once passed by every older transaction stays passed: the
sequencer orders by it and rests its low mark on it.
"""

__all__ = ["BEGAN_AT", "DDL", "PAYLOAD_BYTES_MAX", "RIGHTS"]

PAYLOAD_BYTES_MAX = 768 * 1024
"""Longest stored payload in bytes. With its headers it fits Kafka's default record of 1 MiB."""

BEGAN_AT = "alter table installation add column began_at bigint not null default 0"
"""A change of a later migration: the newest number when the present history began."""

_TABLES = (
    """create table installation (
      id uuid not null default gen_random_uuid(),
      epoch integer not null default 1,
      created_at timestamptz not null default now(),
      constraint pk_installation primary key (id),
      constraint ck_installation_epoch check (epoch >= 1)
    )""",
    "create unique index uq_installation_single on installation ((true))",
    "insert into installation default values",
    "create sequence outbox_written as bigint",
    f"""create table outbox (
      id uuid not null,
      written bigint not null
        default case when pg_current_xact_id() is not null then nextval('outbox_written') end,
      topic text not null,
      type text not null,
      aggregate_type text not null,
      aggregate_id uuid not null,
      aggregate_version bigint not null,
      occurred_at timestamptz not null,
      origin text not null,
      correlation_id uuid not null,
      causation_id uuid,
      hops smallint not null,
      traceparent text not null,
      actor text not null,
      payload jsonb not null,
      constraint pk_outbox primary key (id),
      constraint ck_outbox_id check (substr(id::text, 15, 1) = '7'),
      constraint ck_outbox_aggregate_version check (aggregate_version >= 1),
      constraint ck_outbox_hops check (hops >= 0),
      constraint ck_outbox_payload check (octet_length(payload::text) <= {PAYLOAD_BYTES_MAX})
    ) partition by range (id)""",
    "create index ix_outbox_written on outbox (written)",
    """create table outbox_version (
      aggregate_id uuid not null,
      aggregate_version bigint not null,
      outbox_id uuid not null,
      constraint pk_outbox_version primary key (aggregate_id, aggregate_version)
    )""",
    """create table outbox_sequence (
      feed_seq bigint not null,
      outbox_id uuid not null,
      epoch bigint not null,
      constraint pk_outbox_sequence primary key (feed_seq),
      constraint uq_outbox_sequence_outbox_id unique (outbox_id),
      constraint ck_outbox_sequence_feed_seq check (feed_seq >= 1)
    )""",
    """create table sequencer_lease (
      single boolean not null default true,
      epoch bigint not null default 0,
      holder text not null default '',
      acquired_at timestamptz not null default now(),
      settled bigint not null default 0,
      constraint pk_sequencer_lease primary key (single),
      constraint ck_sequencer_lease_single check (single)
    )""",
    "insert into sequencer_lease default values",
    """create table feed_floor (
      single boolean not null default true,
      feed_seq bigint not null default 0,
      constraint pk_feed_floor primary key (single),
      constraint ck_feed_floor_single check (single)
    )""",
    "insert into feed_floor default values",
    """create table relay_mark (
      single boolean not null default true,
      feed_seq bigint not null,
      constraint pk_relay_mark primary key (single),
      constraint ck_relay_mark_single check (single)
    )""",
    """create table feed_consumer (
      name text not null,
      feed_seq bigint not null,
      seen_at timestamptz not null default now(),
      constraint pk_feed_consumer primary key (name),
      constraint ck_feed_consumer_name check (name ~ '^[a-z0-9][a-z0-9._-]{0,63}$')
    )""",
)
"""`sequencer_lease.settled`: of every outbox row written up to here the fate is known and kept.
`feed_floor`: events up to here were purged. `relay_mark`: has no row until a relay first runs."""

_IMMUTABLE = (
    """create function append_only() returns trigger language plpgsql as $$
    begin
      raise exception '% of % refused: its rows are never changed', tg_op, tg_table_name
        using errcode = 'restrict_violation';
    end $$""",
    """create trigger outbox_append_only before update or delete on outbox
      for each row execute function append_only()""",
    """create trigger outbox_append_only_truncate before truncate on outbox
      for each statement execute function append_only()""",
)
"""The owner still detaches and drops whole partitions: that is how the outbox is purged."""

_PARTITIONS = (
    """create function uuid7_floor(at timestamptz) returns uuid language sql immutable strict as $$
      select (lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0')
        || repeat('0', 20))::uuid
    $$""",
    """create function uuid7_time(id uuid) returns timestamptz language sql immutable strict as $$
      select to_timestamp(
        ('x0000' || left(replace(id::text, '-', ''), 12))::bit(64)::bigint / 1000.0)
    $$""",
    """create function outbox_add_month(at timestamptz) returns boolean language plpgsql
      set search_path = public, pg_temp as $$
    declare
      month timestamp := date_trunc('month', at at time zone 'UTC');
      partition text := 'outbox_' || to_char(month, 'YYYY_MM');
    begin
      if to_regclass(partition) is not null then
        return false;
      end if;
      execute format('create table %I (like outbox including defaults including constraints)',
        partition);
      execute format('create trigger outbox_append_only_truncate before truncate on %I
        for each statement execute function append_only()', partition);
      execute format('alter table outbox attach partition %I for values from (%L) to (%L)',
        partition, uuid7_floor(month at time zone 'UTC'),
        uuid7_floor((month + interval '1 month') at time zone 'UTC'));
      return true;
    end $$""",
    """create function outbox_add_default() returns void language sql
      set search_path = public, pg_temp as $$
      create table outbox_default partition of outbox default;
      create trigger outbox_append_only_truncate before truncate on outbox_default
        for each statement execute function append_only();
    $$""",
    "select outbox_add_default()",
    # Rows that came while no partition of their month existed move into one of their own.
    """create function outbox_rehome() returns integer language plpgsql
      set search_path = public, pg_temp as $$
    declare
      moved integer;
    begin
      if not exists (select from outbox_default) then
        return 0;
      end if;
      alter table outbox detach partition outbox_default;
      alter table outbox_default rename to outbox_stray;
      perform outbox_add_default();
      perform outbox_add_month(month at time zone 'UTC') from (
        select distinct date_trunc('month', uuid7_time(id) at time zone 'UTC') as month
          from outbox_stray) stray;
      insert into outbox select * from outbox_stray;
      get diagnostics moved = row_count;
      drop table outbox_stray;
      return moved;
    end $$""",
    """create function outbox_prepare() returns integer language plpgsql security definer
      set search_path = public, pg_temp set lock_timeout = '5s' as $$
    declare
      made integer;
    begin
      perform pg_advisory_xact_lock(hashtextextended('outbox_partitions', 0));
      perform outbox_rehome();
      select count(*) filter (where outbox_add_month(now() + ahead * interval '1 month'))
        into made from generate_series(0, 2) ahead;
      return made;
    end $$""",
    "select outbox_prepare()",
)

_PURGE = (
    # Drops one whole month and what points to it; false while a reader still needs it.
    """create function outbox_drop_month(partition text, needed bigint) returns boolean
      language plpgsql set search_path = public, pg_temp as $$
    declare
      last bigint;
      unnumbered boolean;
    begin
      execute format('select max(s.feed_seq), count(*) > count(s.feed_seq) from %I o
        left join outbox_sequence s on s.outbox_id = o.id', partition) into last, unnumbered;
      if unnumbered or last > needed then
        return false;
      end if;
      execute format('delete from outbox_version v using %I o
        where (v.aggregate_id, v.aggregate_version) = (o.aggregate_id, o.aggregate_version)
          and v.outbox_id = o.id', partition);
      execute format('delete from outbox_sequence s using %I o where s.outbox_id = o.id',
        partition);
      update feed_floor set feed_seq = greatest(feed_seq, last);
      execute format('drop table %I', partition);
      return true;
    exception when lock_not_available then
      return false;
    end $$""",
    """create function outbox_purge(keep_days integer) returns integer
      language plpgsql security definer
      set search_path = public, pg_temp set lock_timeout = '5s' as $$
    declare
      kept timestamp := (now() at time zone 'UTC') - keep_days * interval '1 day';
      needed bigint;
      partition text;
      dropped integer := 0;
    begin
      if keep_days < 1 then
        raise exception 'events are kept for at least one day';
      end if;
      perform pg_advisory_xact_lock(hashtextextended('outbox_partitions', 0));
      select min(feed_seq) into needed
        from (select feed_seq from relay_mark union all select feed_seq from feed_consumer) mark;
      for partition in
        select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
         where i.inhparent = 'outbox'::regclass and c.relname ~ '^outbox_[0-9]{4}_[0-9]{2}$'
           and to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month' <= kept
         order by c.relname
      loop
        exit when not outbox_drop_month(partition, needed);
        dropped := dropped + 1;
      end loop;
      return dropped;
    end $$""",
)

_RIGHTS = ("revoke execute on function outbox_prepare(), outbox_purge(integer) from public",)

DDL: tuple[str, ...] = _TABLES + _IMMUTABLE + _PARTITIONS + _PURGE + _RIGHTS
"""Statements for the owner role, in order. Both `security definer` functions act as the owner;
the runtime role is granted them with all other functions of the service's database."""

RIGHTS = {
    "installation": "select, update (epoch, began_at)",
    "outbox": "select, insert",
    "outbox_version": "select, insert",
    "outbox_sequence": "select, insert",
    "sequencer_lease": "select, update",
    "feed_floor": "select",
    "relay_mark": "select, insert, update, delete",
    "feed_consumer": "select, insert, update, delete",
}
"""What the runtime role may do: events and their numbers are added, and nothing else."""
