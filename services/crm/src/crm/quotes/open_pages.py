"""Pages on which a customer answers a quote: they work without a script, and load nothing."""

from html import escape

from fastapi.responses import HTMLResponse

from chassis.problems.problem import Problem
from chassis.texts import Texts
from crm.quotes.schemas import OpenQuoteView

__all__ = ["answered_page", "quote_page", "refusal_page"]

_POLICY = (
    "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "style-src 'none'"
)
_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title}</title></head><body><main><h1>{title}</h1>
{content}
</main></body></html>
"""
_WORDS = {
    "quote": ("Quote", "报价单"),
    "person": ("Your name", "您的姓名"),
    "note": ("Message", "留言"),
    "accept": ("Accept the quote", "接受报价"),
    "decline": ("Decline the quote", "拒绝报价"),
    "accept_ask": (
        "By accepting you agree to the text above. Its fingerprint (SHA-256):",
        "接受即表示您同意以上内容。内容指纹（SHA-256）：",
    ),
    "answered": ("Thank you", "谢谢"),
    "accepted": ("You have accepted the quote.", "您已接受报价。"),
    "declined": ("You have declined the quote.", "您已拒绝报价。"),
}


def quote_page(quote: OpenQuoteView, token: str, language: str) -> HTMLResponse:
    """What is offered, and the question whether it is accepted: opening it answers nothing."""
    content = f"""<pre>{escape(quote.text)}</pre>
<p>{_word("accept_ask", language)} <code>{escape(quote.text_hash)}</code></p>
<form method="post" action="/quotes/" accept-charset="utf-8">
<input type="hidden" name="token" value="{escape(token)}">
<input type="hidden" name="text_hash" value="{escape(quote.text_hash)}">
<p><label>{_word("person", language)}<br>
<input name="person" maxlength="200" autocomplete="name" required></label></p>
<p><label>{_word("note", language)}<br>
<textarea name="note" maxlength="4000"></textarea></label></p>
<p><button type="submit" name="answer" value="accepted">{_word("accept", language)}</button>
<button type="submit" name="answer" value="declined">{_word("decline", language)}</button></p>
</form>"""
    return _page(f"{_word('quote', language)} {quote.number}", content, language)


def answered_page(answer: str, language: str) -> HTMLResponse:
    """Thanks: `accepted` or `declined`."""
    return _page(_word("answered", language), f"<p>{_word(answer, language)}</p>", language)


def refusal_page(problem: Problem, texts: Texts, language: str) -> HTMLResponse:
    """What was refused, and what to do."""
    view = problem.view(texts, language, "")
    wrong = "".join(
        f"<li>{escape(_label(one['pointer'], language))}: {escape(one['message'])}</li>"
        for one in view["errors"]
    )
    content = f"<p>{escape(view['detail'])}</p><ul>{wrong}</ul>"
    return _page(view["title"], content, language, status=problem.status)


def _page(title: str, content: str, language: str, *, status: int = 200) -> HTMLResponse:
    text = _PAGE.format(language=escape(language), title=escape(title), content=content)
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}
    headers |= {"Referrer-Policy": "no-referrer"}
    return HTMLResponse(text, status_code=status, headers=headers)


def _label(pointer: str, language: str) -> str:
    name = pointer.removeprefix("/")
    return _word(name, language) if name in _WORDS else name


def _word(word: str, language: str) -> str:
    english, chinese = _WORDS[word]
    return chinese if language.startswith("zh") else english
