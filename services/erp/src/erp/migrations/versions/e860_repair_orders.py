"""Repair orders, their lines and steps; months of warranty; the account of repairs.

Revision ID: e860
Revises: e850
"""

from alembic import context, op

from chassis.ids import uuid7
from chassis.schema.rights import PIN_FUNCTIONS
from chassis.storage.states import transition_trigger

revision = "e860"
down_revision = "e850"

_ROLES = (
    *("bank", "receivable", "inventory", "payable", "grni", "customer_credit", "tax_output"),
    *("tax_input", "equity_opening", "retained", "sales", "freight_income", "cogs"),
    *("inventory_adjustment", "purchase_variance", "bad_debt", "payment_difference"),
    *("work_in_progress", "labour_absorption", "overhead_absorption", "production_variance"),
    "scrap",
)
_ACCOUNT = """insert into account (id, version, created_at, updated_at, code, name, name_zh, kind,
    role, active)
  select '{id}', 1, now(), now(), coalesce((select c
      from (values ('6406'), ('6406.1'), ('6406.2')) as codes(c)
      where not exists (select from account a where a.code = c) order by c limit 1),
    'repair-cost'), 'Repairs', '维修费用', 'expense', 'repair_cost', true
    where not exists (select from account where role = 'repair_cost')"""
# A chart of the company may have the account already, without the role.
_OWN_ACCOUNT = """update account set role = 'repair_cost', version = version + 1, updated_at = now()
  where id = (select a.id from account a
    where a.name_zh = '维修费用' and a.kind = 'expense' and a.role is null and a.active
      and not exists (select from journal_line l where l.account_id = a.id)
    order by a.code limit 1)"""
_ITEM = """alter table item add column warranty_months integer
  constraint ck_item_warranty_months_range check (warranty_months between 1 and 600)"""
_AMOUNT = "numeric(20, 4) not null"
_QUANTITY = "numeric(20, 6) not null"
_TABLES = (
    "create sequence repair_order_number_seq",
    f"""create table repair_order (
      id uuid not null constraint pk_repair_order primary key,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      version integer not null,
      number text not null constraint uq_repair_order_number unique,
      state text not null constraint ck_repair_order_state_known check (state in
        ('draft', 'quoted', 'confirmed', 'in_repair', 'done', 'closed', 'cancelled')),
      owner text not null constraint ck_repair_order_owner_known
        check (owner in ('own', 'customer')),
      customer_id uuid constraint fk_repair_order_customer_id_customer references customer (id),
      item_id uuid constraint fk_repair_order_item_id_item references item (id),
      serial text,
      lot text,
      quantity {_QUANTITY}
        constraint ck_repair_order_quantity_positive check (quantity > 0),
      description text not null,
      problem text not null,
      diagnosis text not null,
      cause_code text not null,
      outcome text constraint ck_repair_order_outcome_known
        check (outcome in ('repaired', 'no_fault_found', 'not_repairable')),
      due_on date not null,
      bought_on date,
      warranty_until date,
      warranty boolean not null,
      received_on date,
      sent_back_on date,
      dispatch_id uuid constraint uq_repair_order_dispatch_id unique,
      quoted_on date,
      quoted_amount numeric(20, 4),
      quote_answer text constraint ck_repair_order_quote_answer_known
        check (quote_answer in ('accepted', 'refused')),
      answered_by text not null,
      charged {_AMOUNT},
      cost {_AMOUNT},
      steps integer not null,
      invoice_id uuid constraint fk_repair_order_invoice_id_invoice references invoice (id)
        constraint uq_repair_order_invoice_id unique,
      nonconformance_id uuid constraint fk_repair_order_nonconformance_id_nonconformance
        references nonconformance (id),
      actor text not null,
      constraint ck_repair_order_owner_named
        check ((owner = 'customer') = (customer_id is not null)),
      constraint ck_repair_order_piece_named
        check ((item_id is not null or owner = 'customer' and description <> '')
          and (item_id is not null or serial is null and lot is null)),
      constraint ck_repair_order_serial_is_one check (serial is null or quantity = 1),
      constraint ck_repair_order_came_and_went check (
        (received_on is null or owner = 'customer')
        and (dispatch_id is not null) = (sent_back_on is not null)
        and (sent_back_on is null or received_on is not null and sent_back_on >= received_on)),
      constraint ck_repair_order_warranty_of_customer check (not warranty or owner = 'customer'),
      constraint ck_repair_order_done_with_outcome
        check ((outcome is not null) = (state in ('done', 'closed'))),
      constraint ck_repair_order_closed_is_back
        check (state <> 'closed' or received_on is null or sent_back_on is not null),
      constraint ck_repair_order_cancelled_untouched check (state <> 'cancelled' or steps = 0),
      constraint ck_repair_order_invoiced_when_done
        check (invoice_id is null or owner = 'customer' and state in ('done', 'closed')),
      constraint ck_repair_order_not_negative
        check (charged >= 0 and cost >= 0 and quoted_amount >= 0 and steps >= 0),
      constraint ck_repair_order_quoted_amount_given check (
        (quoted_on is null) = (quoted_amount is null)
        and (state <> 'quoted' or quoted_on is not null)))""",
    "create index ix_repair_order_created_at on repair_order (created_at, id)",
    "create index ix_repair_order_updated_at on repair_order (updated_at, id)",
    "create index ix_repair_order_due_on on repair_order (due_on, id)",
    "create index ix_repair_order_state_created_at on repair_order (state, created_at, id)",
    "create index ix_repair_order_customer_id on repair_order (customer_id, created_at, id)",
    "create index ix_repair_order_item_id on repair_order (item_id, serial)",
    "create index ix_repair_order_nonconformance_id on repair_order (nonconformance_id)",
    """create index ix_repair_order_search on repair_order using gin (search_grams(search_fold(
      ((((number || ' ') || replace(number, '-', '')) || ' ')
        || ltrim(regexp_replace(number, '^.*-', ''), '0')))))""",
    f"""create table repair_line (
      id uuid not null constraint pk_repair_line primary key,
      repair_order_id uuid not null constraint fk_repair_line_repair_order_id_repair_order
        references repair_order (id),
      position smallint not null,
      kind text not null constraint ck_repair_line_kind_known check (kind in ('part', 'labour')),
      item_id uuid constraint fk_repair_line_item_id_item references item (id),
      work_centre_id uuid constraint fk_repair_line_work_centre_id_work_centre
        references work_centre (id),
      description text not null,
      quantity {_QUANTITY},
      used {_QUANTITY},
      unit_price {_QUANTITY},
      covered boolean not null,
      tax_code text not null constraint fk_repair_line_tax_code_tax_code
        references tax_code (code),
      cost {_AMOUNT},
      constraint uq_repair_line_repair_order_id_position unique (repair_order_id, position),
      constraint ck_repair_line_of_kind check ((kind = 'part') = (item_id is not null)
        and (kind = 'labour') = (work_centre_id is not null)),
      constraint ck_repair_line_used_within
        check (quantity > 0 and used >= 0 and used <= quantity),
      constraint ck_repair_line_not_negative check (unit_price >= 0 and cost >= 0),
      constraint ck_repair_line_nothing_costs_nothing check (used > 0 or cost = 0))""",
    "create index ix_repair_line_item_id on repair_line (item_id)",
    "create index ix_repair_line_work_centre_id on repair_line (work_centre_id)",
    f"""create table repair_step (
      id uuid not null constraint pk_repair_step primary key,
      repair_order_id uuid not null constraint fk_repair_step_repair_order_id_repair_order
        references repair_order (id),
      line_id uuid constraint fk_repair_step_line_id_repair_line references repair_line (id),
      kind text not null constraint ck_repair_step_kind_known
        check (kind in ('use', 'return', 'labour', 'recovery')),
      quantity {_QUANTITY} constraint ck_repair_step_quantity_positive check (quantity > 0),
      cost {_AMOUNT},
      effective_on date not null,
      recorded_at timestamptz not null,
      actor text not null,
      constraint ck_repair_step_line_named check ((kind = 'recovery') = (line_id is null)),
      constraint ck_repair_step_cost_of_kind check (case kind
        when 'return' then cost <= 0 when 'recovery' then cost = 0 else cost >= 0 end))""",
    "create index ix_repair_step_repair_order_id on repair_step (repair_order_id, id)",
    "create index ix_repair_step_line_id on repair_step (line_id)",
)
_PROMISES = (
    """create trigger repair_step_is_kept before update or delete on repair_step
      for each row execute function refuse_change()""",
    """create trigger repair_step_is_not_emptied before truncate on repair_step
      for each statement execute function refuse_change()""",
    # E66: what is a customer's lies where goods of others lie, and has no worth.
    """create function customer_piece_has_no_worth() returns trigger language plpgsql as $$
    begin
      if new.value <> 0 or not exists (select from location f join location t on true
          where f.id = new.from_location_id and t.id = new.to_location_id
            and (f.kind, t.kind) = (case new.source_type when 'repair_receipt' then 'customer'
              else 'foreign' end, case new.source_type when 'repair_receipt' then 'foreign'
              else 'customer' end)) then
        raise exception 'the piece of repair % is a customer''s, and has no worth', new.source_id
          using errcode = 'check_violation', constraint = tg_name;
      end if;
      return null;
    end $$""",
    """create trigger customer_piece_has_no_worth after insert on stock_move
      for each row when (new.source_type in ('repair_receipt', 'repair_dispatch'))
      execute function customer_piece_has_no_worth()""",
    # An invoice that a repair has stays its invoice: it is invoiced once.
    """create function repair_is_invoiced_once() returns trigger language plpgsql as $$
    begin
      raise exception 'repair order % is invoiced once', old.number
        using errcode = 'check_violation', constraint = tg_name;
    end $$""",
    """create trigger repair_is_invoiced_once before update on repair_order for each row
      when (old.invoice_id is not null and new.invoice_id is distinct from old.invoice_id)
      execute function repair_is_invoiced_once()""",
    # Nothing is booked on a repair that nobody confirmed, or that is done.
    """create function repair_step_in_work() returns trigger language plpgsql as $$
    begin
      if not exists (select from repair_order r where r.id = new.repair_order_id
          and r.state in ('confirmed', 'in_repair')) then
        raise exception 'repair order % is not in work', new.repair_order_id
          using errcode = 'check_violation', constraint = tg_name;
      end if;
      return new;
    end $$""",
    """create trigger repair_step_in_work before insert on repair_step
      for each row execute function repair_step_in_work()""",
    # At COMMIT a repair costs what its lines do, these what is booked on them, and the books agree.
    """create function repair_order_agrees() returns trigger language plpgsql as $$
    declare one uuid;
    begin
      one := case tg_table_name when 'repair_order' then to_jsonb(new) ->> 'id'
        else to_jsonb(new) ->> 'repair_order_id' end;
      if exists (select from repair_order r
          cross join lateral (select coalesce(sum(l.cost), 0) as cost
            from repair_line l where l.repair_order_id = r.id) l
          cross join lateral (select count(*) as steps, coalesce(sum(s.cost), 0) as cost
            from repair_step s where s.repair_order_id = r.id) s
          cross join lateral (select coalesce(sum(j.debit - j.credit), 0) as booked
            from journal_entry e join journal_line j on j.entry_id = e.id
            join account a on a.id = j.account_id and a.role = 'repair_cost'
            where e.source_id = any(array(
              select s.id from repair_step s where s.repair_order_id = r.id))) b
          where r.id = one and (r.steps <> s.steps or r.cost <> l.cost or r.cost <> s.cost
            or r.cost <> b.booked))
        or exists (select from repair_line l
          cross join lateral (select coalesce(sum(s.cost), 0) as cost,
              coalesce(sum(case s.kind when 'return' then -s.quantity else s.quantity end), 0)
                as used
            from repair_step s where s.line_id = l.id) s
          where l.repair_order_id = one and (l.used, l.cost) is distinct from (s.used, s.cost))
      then
        raise exception 'repair order % is not what is booked for it', one
          using errcode = 'check_violation', constraint = 'ck_repair_order_agrees';
      end if;
      return null;
    end $$""",
    *(
        f"""create constraint trigger {table}_agrees_with_repair after {acts} on {table}
          deferrable initially deferred for each row execute function repair_order_agrees()"""
        for table, acts in (
            ("repair_order", "insert or update"),
            ("repair_line", "insert or update"),
            ("repair_step", "insert"),
        )
    ),
    PIN_FUNCTIONS,
)
_FUNCTIONS = (
    *("customer_piece_has_no_worth", "repair_is_invoiced_once", "repair_step_in_work"),
    "repair_order_agrees",
)
_FOLLOWING = {
    "draft": ("quoted", "confirmed", "cancelled"),
    "quoted": ("draft", "confirmed", "cancelled"),
    "confirmed": ("in_repair", "done", "cancelled"),
    "in_repair": ("done",),
    "done": ("closed",),
    "closed": (),
    "cancelled": (),
}
_FREED = (
    """update stock_level v set restricted = v.restricted - h.quantity
      from (select h.item_id, sum(h.quantity) as quantity from stock_hold h
        join repair_order r on r.id = h.source_id group by h.item_id) h
      where h.item_id = v.item_id""",
    "delete from stock_hold using repair_order r where r.id = source_id",
    "set constraints all immediate",
)


def _role_check(roles: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{one}'" for one in roles)
    return f"""alter table account drop constraint ck_account_role_known,
      add constraint ck_account_role_known check (role in ({listed}))"""


def upgrade() -> None:
    """Add the tables, what they promise, months of warranty and the account."""
    op.execute(_ITEM)
    op.execute(_role_check((*_ROLES, "repair_cost")))
    if not context.is_offline_mode():
        op.execute(_OWN_ACCOUNT)
        op.execute(_ACCOUNT.format(id=uuid7()))
    for statement in (*_TABLES, *_PROMISES):
        op.execute(statement)
    op.execute(transition_trigger("repair_order", "state", _FOLLOWING))


def downgrade() -> None:
    """Take them away; the account loses its role."""
    for statement in _FREED:
        op.execute(statement)
    op.execute("drop trigger customer_piece_has_no_worth on stock_move")
    op.execute("drop table repair_step, repair_line, repair_order")
    op.execute("drop sequence repair_order_number_seq")
    for function in _FUNCTIONS:
        op.execute(f"drop function {function}()")
    op.execute("alter table account disable trigger user")
    op.execute("update account set role = null where role = 'repair_cost'")
    op.execute("alter table account enable trigger user")
    op.execute(_role_check(_ROLES))
    op.execute("alter table item drop column warranty_months")
    op.execute(PIN_FUNCTIONS)
