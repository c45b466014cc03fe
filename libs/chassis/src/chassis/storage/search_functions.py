r"""The functions of the database that fold texts and take them to pieces, by their versions.

Migrations run these texts, so a version never changes once it is out: other functions are another
version, which a new migration puts in place, with the columns and indexes that are made by them.
"""

__all__ = ["FIRST", "FIRST_GONE"]

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
