r"""Searching by words: how texts are folded, and the filters that find them.

Texts and questions are folded by one function of the database, so they cannot disagree, whoever
writes: case of all scripts, width, accents and punctuation make no difference. A folded text is
words with a blank before each. Its index holds pieces of words: every three signs; of what is not
ASCII also every two and each one; and how words begin. So short words of Chinese are looked up
as well, and neither the server's locale nor its trigrams are asked.
"""

from typing import TYPE_CHECKING, Any

from chassis.http.paging import Filter
from chassis.http.problems import FieldError, InvalidInput

if TYPE_CHECKING:
    import asyncpg

__all__ = ["FUNCTIONS", "FUNCTIONS_GONE", "KNOWS_ALL_SCRIPTS", "containing"]

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
FUNCTIONS = (_FOLD, _GRAMS)
FUNCTIONS_GONE = ("drop function search_grams(text)", "drop function search_fold(text)")

KNOWS_ALL_SCRIPTS = "select search_fold('ÖΣЖ') = search_fold('öςж')"
_WORDS = (
    "select distinct word from regexp_split_to_table(search_fold($1), ' ') word where word <> ''"
)
_SHORT = 3


async def containing(
    sql: "asyncpg.Connection[Any]", q: str | None, *, text: str = "search"
) -> list[Filter]:
    """The filters of texts that contain each word of the question, in whatever order.

    A word of one or two ASCII signs is the beginning of a word. `text` is a column or expression
    of folded text. Raises InvalidInput for a question without a letter or digit.
    """
    if q is None:
        return []
    words = [row["word"] for row in await sql.fetch(_WORDS, q)]
    if not words:
        wrong = FieldError("/q", "nothing_to_search", "Name at least one letter or digit.")
        raise InvalidInput(errors=[wrong])
    grams = sorted({gram for word in words for gram in _grams(word)})
    patterns = [f"%{word}%" if _is_inside(word) else f"% {word}%" for word in words]
    found = [Filter(f"search_grams({text}) @> {{}}::text[]", grams, depends_on_value=True)]
    # What the pieces say, said cheaply: for plans that walk the newest records.
    return [*found, Filter(f"{text} like all({{}}::text[])", patterns)]


def _is_inside(word: str) -> bool:
    return len(word) >= _SHORT or not word.isascii()


def _grams(word: str) -> list[str]:
    if len(word) >= _SHORT:
        return [word[at : at + 3] for at in range(len(word) - 2)]
    return [word if _is_inside(word) else f"^{word}"]
