"""Tax codes, invoices and credit notes with their gap-free numbers.

Revision ID: e40
Revises: e30
"""

from alembic import context, op

revision = "e40"
down_revision = "e30"

_TABLES = (
    """create table tax_code (
      code text not null,
      name text not null,
      rate numeric(7, 6) not null,
      constraint pk_tax_code primary key (code),
      constraint ck_tax_code_rate_part check (rate >= 0 and rate < 1)
    )""",
    """create table invoice_series (
      series text not null,
      last_number bigint not null,
      last_on date not null,
      constraint pk_invoice_series primary key (series),
      constraint ck_invoice_series_counts check (last_number >= 1)
    )""",
    """create table invoice (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      kind text not null,
      state text not null,
      customer_id uuid not null,
      order_id uuid,
      credits_id uuid,
      effective_on date not null,
      due_on date not null,
      currency text not null,
      net numeric(20, 4) not null,
      tax numeric(20, 4) not null,
      gross numeric(20, 4) not null,
      open_amount numeric(20, 4) not null,
      credited numeric(20, 4) not null,
      reason text not null,
      constraint pk_invoice primary key (id),
      constraint fk_invoice_customer_id_customer
        foreign key (customer_id) references customer (id),
      constraint fk_invoice_credits_id_invoice foreign key (credits_id) references invoice (id),
      constraint ck_invoice_kind_known check (kind in ('invoice', 'credit_note')),
      constraint ck_invoice_state_known
        check (state in ('issued', 'partly_paid', 'paid', 'credited')),
      constraint ck_invoice_credits_an_invoice
        check ((kind = 'credit_note') = (credits_id is not null)),
      constraint ck_invoice_adds_up check (net >= 0 and tax >= 0 and net + tax = gross),
      constraint ck_invoice_within_gross check (open_amount >= 0 and open_amount <= gross
        and credited >= 0 and credited <= gross)
    )""",
    "create index ix_invoice_created_at on invoice (created_at, id)",
    "create index ix_invoice_customer_id on invoice (customer_id, created_at, id)",
    "create index ix_invoice_order_id on invoice (order_id) where order_id is not null",
    "create index ix_invoice_credits_id on invoice (credits_id) where credits_id is not null",
    """create table invoice_number (
      invoice_id uuid not null,
      series text not null,
      number bigint not null,
      constraint pk_invoice_number primary key (invoice_id),
      constraint uq_invoice_number_series_number unique (series, number),
      constraint fk_invoice_number_invoice_id_invoice
        foreign key (invoice_id) references invoice (id)
    )""",
    """create table invoice_line (
      id uuid not null,
      invoice_id uuid not null,
      position smallint not null,
      role text not null,
      order_line_id uuid,
      item_id uuid,
      description text not null,
      quantity numeric(20, 6) not null,
      unit_price numeric(20, 6) not null,
      discount numeric(7, 6) not null,
      net numeric(20, 4) not null,
      tax_code text not null,
      credited_quantity numeric(20, 6) not null,
      credited_net numeric(20, 4) not null,
      constraint pk_invoice_line primary key (id),
      constraint uq_invoice_line_invoice_id_position unique (invoice_id, position),
      constraint fk_invoice_line_invoice_id_invoice
        foreign key (invoice_id) references invoice (id),
      constraint fk_invoice_line_tax_code_tax_code
        foreign key (tax_code) references tax_code (code),
      constraint ck_invoice_line_not_negative
        check (quantity > 0 and net >= 0 and discount >= 0 and discount <= 1),
      constraint ck_invoice_line_credited_within check (credited_quantity >= 0
        and credited_quantity <= quantity and credited_net >= 0 and credited_net <= net)
    )""",
    """create table invoice_tax (
      invoice_id uuid not null,
      tax_code text not null,
      rate numeric(7, 6) not null,
      base numeric(20, 4) not null,
      tax numeric(20, 4) not null,
      credited_base numeric(20, 4) not null,
      credited_tax numeric(20, 4) not null,
      constraint pk_invoice_tax primary key (invoice_id, tax_code),
      constraint fk_invoice_tax_invoice_id_invoice
        foreign key (invoice_id) references invoice (id),
      constraint fk_invoice_tax_tax_code_tax_code
        foreign key (tax_code) references tax_code (code),
      constraint ck_invoice_tax_credited_within check (credited_base >= 0
        and credited_base <= base and credited_tax >= 0 and credited_tax <= tax)
    )""",
)

_NUMBERS = (
    # The next number of the invoice's series, unless it has one: without a gap, because the
    # series' row stays locked until the transaction ends; in the order of days (E12). What is to
    # be paid carries the number from then on.
    """create function take_invoice_number(wanted uuid) returns text language plpgsql as $$
    declare its invoice; named text; taken bigint; shown text;
    begin
      select series || '-' || lpad(number::text, 6, '0') into shown
        from invoice_number where invoice_id = wanted;
      if found then return shown; end if;
      select * into its from invoice where id = wanted;
      select case its.kind when 'invoice' then 'INV-' else 'CN-' end || y.name into named
        from fiscal_year y where its.effective_on between y.starts_on and y.ends_on;
      insert into invoice_series as s (series, last_number, last_on)
        values (named, 1, its.effective_on)
        on conflict (series) do update
          set last_number = s.last_number + 1, last_on = excluded.last_on
          where s.last_on <= excluded.last_on
        returning last_number into taken;
      if taken is null then
        raise exception 'an invoice of % is numbered after a later one', its.effective_on
          using errcode = 'check_violation', constraint = 'ck_invoice_series_in_order';
      end if;
      insert into invoice_number (invoice_id, series, number) values (wanted, named, taken);
      shown := named || '-' || lpad(taken::text, 6, '0');
      update open_item set document_number = shown where source_id = wanted;
      return shown;
    end $$""",
    # Whoever made it, an invoice is never committed without its number.
    """create function number_invoice() returns trigger language plpgsql as $$
    begin
      perform take_invoice_number(new.id);
      return null;
    end $$""",
    """create constraint trigger invoice_is_numbered after insert on invoice
      deferrable initially deferred for each row execute function number_invoice()""",
)

_KEPT = {
    "invoice": "kind, customer_id, order_id, credits_id, effective_on, due_on, currency, net, tax,"
    " gross, reason, created_at",
    "invoice_number": "invoice_id, series, number",
    "invoice_line": "invoice_id, position, role, order_line_id, item_id, description, quantity,"
    " unit_price, discount, net, tax_code",
    "invoice_tax": "invoice_id, tax_code, rate, base, tax",
    "tax_code": "code, rate",
}
"""Table -> what of it is never changed once it is written."""


def upgrade() -> None:
    for statement in (*_TABLES, *_NUMBERS):
        op.execute(statement)
    for table, columns in _KEPT.items():
        op.execute(
            f"""create trigger {table}_is_kept before update of {columns} or delete on {table}
              for each row execute function refuse_change()"""
        )
        op.execute(
            f"""create trigger {table}_is_not_emptied before truncate on {table}
              for each statement execute function refuse_change()"""
        )
    if not context.is_offline_mode():
        op.execute("insert into tax_code (code, name, rate) values ('Z0', 'Zero rated', 0)")


def downgrade() -> None:
    op.execute(
        "drop table invoice_tax, invoice_line, invoice_number, invoice, invoice_series, tax_code"
    )
    op.execute("drop function number_invoice()")
    op.execute("drop function take_invoice_number(uuid)")
