"""Accounts, fiscal years and periods, journal entries and their gap-free numbers.

Revision ID: e10
Revises: 0003
"""

from alembic import context, op

from chassis.ids import uuid7

revision = "e10"
down_revision = "0003"

_ACCOUNTS = (
    ("1002", "bank", "Bank", "银行存款", "asset"),
    ("1122", "receivable", "Accounts receivable", "应收账款", "asset"),
    ("1405", "inventory", "Inventory", "库存商品", "asset"),
    ("2202", "payable", "Accounts payable", "应付账款", "liability"),
    ("2203", "grni", "Goods received not invoiced", "暂估应付账款", "liability"),
    ("2205", "customer_credit", "Customer credit balances", "预收账款", "liability"),
    ("2221", "tax_output", "Output tax", "应交税费（销项）", "liability"),
    ("2222", "tax_input", "Input tax", "应交税费（进项）", "asset"),
    ("4001", "equity_opening", "Opening equity", "期初权益", "equity"),
    ("4104", "retained", "Retained earnings", "未分配利润", "equity"),
    ("6001", "sales", "Sales", "主营业务收入", "income"),
    ("6051", "freight_income", "Freight income", "运费收入", "income"),
    ("6401", "cogs", "Cost of goods sold", "主营业务成本", "expense"),
    ("6402", "inventory_adjustment", "Inventory adjustments", "存货盘盈盘亏", "expense"),
    ("6403", "purchase_variance", "Purchase price variance", "采购价格差异", "expense"),
    ("6603", "bad_debt", "Bad debts", "坏账损失", "expense"),
)

_TABLES = (
    """create table account (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      code text not null,
      name text not null,
      name_zh text not null,
      kind text not null,
      role text,
      active boolean not null,
      constraint pk_account primary key (id),
      constraint uq_account_code unique (code),
      constraint uq_account_role unique (role),
      constraint ck_account_code_form check (code ~ '^[0-9A-Za-z.-]{1,32}$'),
      constraint ck_account_kind_known
        check (kind in ('asset', 'liability', 'equity', 'income', 'expense'))
    )""",
    """create table fiscal_year (
      id uuid not null,
      name text not null,
      starts_on date not null,
      ends_on date not null,
      constraint pk_fiscal_year primary key (id),
      constraint uq_fiscal_year_name unique (name),
      constraint ck_fiscal_year_starts_first check (starts_on < ends_on),
      constraint ex_fiscal_year_no_overlap
        exclude using gist (daterange(starts_on, ends_on, '[]') with &&)
    )""",
    """create table period (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      fiscal_year_id uuid not null,
      number smallint not null,
      starts_on date not null,
      ends_on date not null,
      state text not null,
      constraint pk_period primary key (id),
      constraint uq_period_fiscal_year_id_number unique (fiscal_year_id, number),
      constraint fk_period_fiscal_year_id_fiscal_year
        foreign key (fiscal_year_id) references fiscal_year (id),
      constraint ck_period_starts_first check (starts_on <= ends_on),
      constraint ck_period_state_known check (state in ('open', 'closed', 'locked')),
      constraint ex_period_no_overlap
        exclude using gist (daterange(starts_on, ends_on, '[]') with &&)
    )""",
    """create table journal_entry (
      id uuid not null,
      effective_on date not null,
      recorded_at timestamptz not null,
      period_id uuid not null,
      source_type text not null,
      source_id uuid not null,
      memo text not null,
      reverses_id uuid,
      actor text not null,
      constraint pk_journal_entry primary key (id),
      constraint uq_journal_entry_reverses_id unique (reverses_id),
      constraint fk_journal_entry_period_id_period
        foreign key (period_id) references period (id),
      constraint fk_journal_entry_reverses_id_journal_entry
        foreign key (reverses_id) references journal_entry (id)
    )""",
    "create index ix_journal_entry_source_id on journal_entry (source_id)",
    "create index ix_journal_entry_effective_on on journal_entry (effective_on, id)",
    "create index ix_journal_entry_period_id on journal_entry (period_id)",
    """create table journal_line (
      id uuid not null,
      entry_id uuid not null,
      position smallint not null,
      account_id uuid not null,
      debit numeric(20, 4) not null,
      credit numeric(20, 4) not null,
      party_id uuid,
      item_id uuid,
      warehouse_id uuid,
      constraint pk_journal_line primary key (id),
      constraint uq_journal_line_entry_id_position unique (entry_id, position),
      constraint fk_journal_line_entry_id_journal_entry
        foreign key (entry_id) references journal_entry (id),
      constraint fk_journal_line_account_id_account
        foreign key (account_id) references account (id),
      constraint ck_journal_line_one_side check (
        (debit > 0 and credit = 0) or (credit > 0 and debit = 0))
    )""",
    "create index ix_journal_line_account_id on journal_line (account_id, entry_id)",
    """create index ix_journal_line_party_id on journal_line (party_id, account_id)
      where party_id is not null""",
    """create table journal_number (
      entry_id uuid not null,
      fiscal_year_id uuid not null,
      number bigint not null,
      constraint pk_journal_number primary key (entry_id),
      constraint uq_journal_number_fiscal_year_id_number unique (fiscal_year_id, number),
      constraint fk_journal_number_entry_id_journal_entry
        foreign key (entry_id) references journal_entry (id),
      constraint fk_journal_number_fiscal_year_id_fiscal_year
        foreign key (fiscal_year_id) references fiscal_year (id)
    )""",
    """create table journal_series (
      fiscal_year_id uuid not null,
      last_number bigint not null,
      constraint pk_journal_series primary key (fiscal_year_id),
      constraint fk_journal_series_fiscal_year_id_fiscal_year
        foreign key (fiscal_year_id) references fiscal_year (id),
      constraint ck_journal_series_counts check (last_number >= 0)
    )""",
)

_PROMISES = (
    # E1: a posted entry is never changed, whoever asks.
    """create function refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception '% is a ledger: its rows are never changed or removed', tg_table_name
        using errcode = 'restrict_violation';
    end $$""",
    # E2: at COMMIT the debits of an entry equal its credits, and it has at least two lines.
    """create function entry_balances() returns trigger language plpgsql as $$
    declare difference numeric; lines bigint; entry uuid;
    begin
      if tg_table_name = 'journal_entry' then entry := new.id; else entry := new.entry_id; end if;
      select coalesce(sum(debit - credit), 0), count(*) into difference, lines
        from journal_line where entry_id = entry;
      if difference <> 0 or lines < 2 then
        raise exception 'journal entry % does not balance: difference %, % lines',
          entry, difference, lines
          using errcode = 'check_violation', constraint = 'ck_journal_entry_balances';
      end if;
      return null;
    end $$""",
    # E6: nothing enters a period that is not open, by whatever path.
    """create function period_is_open() returns trigger language plpgsql as $$
    declare found_state text;
    begin
      select state into found_state from period
        where id = new.period_id and new.effective_on between starts_on and ends_on for share;
      if found_state is distinct from 'open' then
        raise exception 'the period of % is %', new.effective_on, coalesce(found_state, 'missing')
          using errcode = 'check_violation', constraint = 'ck_journal_entry_period_open';
      end if;
      return new;
    end $$""",
    # Numbers without a gap: taken during COMMIT, so that the series is locked as briefly as can be.
    """create function number_entry() returns trigger language plpgsql as $$
    declare year uuid; taken bigint;
    begin
      select fiscal_year_id into year from period where id = new.period_id;
      insert into journal_series as s (fiscal_year_id, last_number) values (year, 1)
        on conflict (fiscal_year_id) do update set last_number = s.last_number + 1
        returning last_number into taken;
      insert into journal_number (entry_id, fiscal_year_id, number) values (new.id, year, taken);
      return null;
    end $$""",
    """create trigger journal_entry_in_open_period before insert on journal_entry
      for each row execute function period_is_open()""",
    """create constraint trigger journal_entry_balances after insert on journal_entry
      deferrable initially deferred for each row execute function entry_balances()""",
    """create constraint trigger journal_line_balances after insert on journal_line
      deferrable initially deferred for each row execute function entry_balances()""",
    """create constraint trigger journal_entry_numbered after insert on journal_entry
      deferrable initially deferred for each row execute function number_entry()""",
)

_LEDGERS = ("journal_entry", "journal_line", "journal_number")


def upgrade() -> None:
    for statement in (*_TABLES, *_PROMISES):
        op.execute(statement)
    for table in _LEDGERS:
        op.execute(
            f"""create trigger {table}_is_kept before update or delete on {table}
              for each row execute function refuse_change()"""
        )
        op.execute(
            f"""create trigger {table}_is_not_emptied before truncate on {table}
              for each statement execute function refuse_change()"""
        )
    if not context.is_offline_mode():
        _seed()


def _seed() -> None:
    rows = ", ".join(
        f"('{uuid7()}', 1, now(), now(), '{code}', '{name}', '{zh}', '{kind}', '{role}', true)"
        for code, role, name, zh, kind in _ACCOUNTS
    )
    op.execute(
        "insert into account (id, version, created_at, updated_at, code, name, name_zh, kind,"
        f" role, active) values {rows}"
    )


def downgrade() -> None:
    op.execute(
        "drop table journal_series, journal_number, journal_line, journal_entry, period,"
        " fiscal_year, account"
    )
    for function in ("number_entry", "period_is_open", "entry_balances", "refuse_change"):
        op.execute(f"drop function {function}()")
