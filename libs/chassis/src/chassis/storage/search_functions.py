r"""The functions of the database that fold texts and take them to pieces, by their versions.

Migrations run these texts, so a version never changes once it is out: other functions are another
version, which a new migration puts in place, with the tables and indexes that are made by them.
"""

__all__ = ["FIRST", "FIRST_GONE", "SECOND", "SECOND_GONE", "kept_beside"]

# What separates words, after NFKC: blanks, ASCII's and Latin-1's signs, punctuation of Chinese.
_SEPARATORS = r"[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u303f]"
_FOLD = r"""do $do$ declare
  -- Without any of these the server's own lower() has to do: `doctor` says so.
  by_case text := case
    when current_setting('server_version_num')::int >= 180000
      then 'casefold(normalize(given, NFKC) collate pg_catalog.pg_unicode_fast)'
    when current_setting('server_version_num')::int >= 170000
      then 'lower(upper(normalize(given, NFKC) collate pg_catalog.pg_c_utf8))'
    when exists (select from pg_collation where collname = 'und-x-icu')
      then 'lower(upper(normalize(given, NFKC) collate pg_catalog."und-x-icu"))'
    else 'lower(upper(normalize(given, NFKC) collate pg_catalog."default"))' end;
begin
  execute format($$create function search_fold(given text) returns text
    language sql immutable strict parallel safe
    return ' ' || btrim(regexp_replace(regexp_replace(
      normalize(%s, NFKD), '[\u0300-\u036f]', '', 'g'), '{separators}+', ' ', 'g'))$$, by_case);
end $do$""".replace("{separators}", _SEPARATORS)
# Loops, because a query for each record takes ten times as long.
_GRAMS = """create function search_grams(folded text) returns text[]
  language plpgsql immutable strict parallel safe cost 1000 as $$
declare
  word text;
  signs int;
  found text[] := '{}';
begin
  foreach word in array string_to_array(folded, ' ') loop
    continue when word = '';
    signs := length(word);
    found := found || ('^' || left(word, 1)) || ('^' || left(word, 2));
    for at in 1 .. signs - 2 loop
      found := found || substr(word, at, 3);
    end loop;
    continue when octet_length(word) = signs;
    for at in 1 .. signs loop
      if octet_length(substr(word, at, 1)) > 1 then
        found := found || substr(word, at, 1);
      end if;
      if octet_length(substr(word, at, 2)) > 2 then
        found := found || substr(word, at, 2);
      end if;
    end loop;
  end loop;
  return found;
end $$"""
FIRST = (_FOLD, _GRAMS)
FIRST_GONE = ("drop function search_grams(text)", "drop function search_fold(text)")

# Points and accents over, under or beside letters; apostrophes, and signs that nobody sees.
_NOTHING = (
    r"''`\u00ad\u02b9-\u02bc\u0300-\u0344\u0346-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2"
    r"\u05c4\u05c5\u05c7"
    r"\u05f3\u05f4\u0610-\u061a\u061c\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8"
    r"\u06ea-\u06ed\u115f\u1160\u17b4\u17b5\u180b-\u180f\u1ab0-\u1aff\u1dc0-\u1dff\u200b-\u200f"
    r"\u2018\u2019\u201b\u202a-\u202e\u2032\u2060-\u206f\u20d0-\u20ff\u2800\u3164\ufe00-\ufe0f"
    r"\ufe20-\ufe2f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff"
)
# What separates words, as before but for letters such as U+3005, and the signs of more scripts.
_BETWEEN = (
    r"\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7\u055a-\u055f\u0589\u058a"
    r"\u05be\u05c0\u05c3\u060c\u060d\u061b\u061d-\u061f\u066a-\u066d\u06d4\u0964\u0965\u1361-\u1368"
    r"\u2000-\u206f\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\u3036\u3037\u303d-\u303f\u30fb"
    r"\ufe30-\ufe4f"
)
# Letters whose stroke or missing point no normalization knows, and those that are two.
_LETTERS = [
    *zip("ıłøđħŧð", "ilodhtd", strict=True),
    ("æ", "ae"),
    ("œ", "oe"),
    ("þ", "th"),
    ("ß", "ss"),
]
_FOLD_AGAIN = rf"""do $do$ declare
  -- Without any of these the server's own lower() has to do: `doctor` says so.
  by_case text[] := case
    when current_setting('server_version_num')::int >= 180000
      then array['casefold(', ' collate pg_catalog.pg_unicode_fast)']
    when current_setting('server_version_num')::int >= 170000
      then array['lower(upper(', ' collate pg_catalog.pg_c_utf8))']
    when exists (select from pg_collation where collname = 'und-x-icu')
      then array['lower(upper(', ' collate pg_catalog."und-x-icu"))']
    else array['lower(upper(', ' collate pg_catalog."default"))'] end;
begin
  execute format($$create or replace function search_fold(given text) returns text
    language sql immutable strict parallel safe
    return ' ' || btrim(regexp_replace({"replace(" * len(_LETTERS)}
      %sregexp_replace(normalize(given, NFKD), '[{_NOTHING}]+', '', 'g')%s
      {"".join(f", '{one}', '{plain}')" for one, plain in _LETTERS)},
      '[{_BETWEEN}]+', ' ', 'g'))$$, by_case[1], by_case[2]);
end $do$"""
# A name, together without hyphens and points; in pinyin together and apart, by its initials, and
# with u where pinyin has ü, which is written v.
_NAME = r"""create function search_name(name text, sort_key text) returns text
  language sql immutable strict parallel safe
  return name || ' ' || translate(name, '-.', '') || ' ' || replace(sort_key, ' ', '')
    || case when octet_length(name) > length(name) then
        ' ' || sort_key || ' ' || regexp_replace(sort_key, '(\S)\S*\s*', '\1', 'g')
          || case when position('v' in sort_key) > 0 then ' ' || replace(sort_key, 'v', 'u')
            || ' ' || replace(replace(sort_key, 'v', 'u'), ' ', '') else '' end
      else '' end"""
# The ways to write a number or SKU: B-00012, B00012 and 12.
_NUMBER = """create function search_number(number text) returns text
  language sql immutable strict parallel safe
  return number || ' ' || translate(number, '-_./ ', '') || ' '
    || ltrim(regexp_replace(number, '^.*-', ''), '0')"""
SECOND = (_FOLD_AGAIN, _GRAMS, _NAME, _NUMBER)
SECOND_GONE = (
    "drop function search_number(text)",
    "drop function search_name(text, text)",
    *FIRST_GONE,
)


def kept_beside(table: str, columns: str, text: str) -> tuple[str, ...]:
    """What keeps the folded text of a table's rows in `<table>_search`, when such columns change.

    A row that changes otherwise has no part in the index of words then. `text` is SQL that reads
    `new`. The table itself has the key `<table>_id`, and the column `search`.
    """
    before, after = (
        ", ".join(f"{row}.{one}" for one in columns.split(", ")) for row in ("old", "new")
    )
    return (
        f"""create function keep_{table}_search() returns trigger language plpgsql as $$ begin
  insert into {table}_search ({table}_id, search) values (new.id, search_fold({text}))
    on conflict ({table}_id) do update set search = excluded.search
      where {table}_search.search <> excluded.search;
  return null;
end $$""",
        f"""create trigger {table}_search_of_new after insert on {table}
      for each row execute function keep_{table}_search()""",
        f"""create trigger {table}_search_of_changed after update of {columns} on {table}
      for each row when (({before}) is distinct from ({after}))
      execute function keep_{table}_search()""",
    )
