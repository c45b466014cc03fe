"""Public forms as plain pages: they work without a script, and load nothing."""

from html import escape

from fastapi.responses import HTMLResponse

from chassis.problems.problem import Problem
from chassis.texts import Texts
from crm.leads.schemas.forms import LeadFormInput, OpenFormView

__all__ = ["confirmation_page", "form_page", "refusal_page", "text_page"]

_POLICY = (
    "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "style-src 'none'"
)
_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title></head><body><main><h1>{title}</h1>
{content}
</main></body></html>
"""
_WORDS = {
    "name": ("Name", "姓名"),
    "company": ("Company", "公司"),
    "title": ("Position", "职务"),
    "email": ("E-mail", "电子邮箱"),
    "phone": ("Phone", "电话"),
    "note": ("Message", "留言"),
    "send": ("Send", "提交"),
    "empty": ("Leave this field empty", "请勿填写此栏"),
    "sent": ("Thank you", "谢谢"),
    "sent_text": ("We have received your message.", "我们已收到您的信息。"),
    "confirm_text": (
        "We have received your message. Please confirm by the message that we send you.",
        "我们已收到您的信息。请通过我们发送的消息进行确认。",
    ),
    "confirm": ("Confirm", "确认"),
    "confirm_ask": ("Confirm that we may write to you.", "请确认我们可以给您发送邮件。"),
    "confirmed": ("Confirmed. Thank you.", "已确认，谢谢。"),
}
_KINDS = {"email": "email", "phone": "tel"}


def form_page(form: OpenFormView, language: str) -> HTMLResponse:
    """The form to be filled in."""
    fields = "\n".join(_field(one, language) for one in form.inputs)
    agreed = (
        f'<p><label><input type="checkbox" name="agreed" value="true"> '
        f"{escape(form.consent_text)}</label></p>"
        if form.consent_text
        else ""
    )
    content = f"""<form method="post" action="/forms/{escape(form.code)}">
<input type="hidden" name="stamp" value="{escape(form.stamp)}">
{fields}
<p hidden><label>{_word("empty", language)}
<input name="website" tabindex="-1" autocomplete="off"></label></p>
{agreed}
<p><button type="submit">{_word("send", language)}</button></p></form>"""
    return _page(form.title, content, language)


def confirmation_page(token: str, language: str) -> HTMLResponse:
    """The question whether a consent is confirmed: opening it confirms nothing."""
    content = f"""<p>{_word("confirm_ask", language)}</p>
<form method="post" action="/forms/confirmations/">
<input type="hidden" name="token" value="{escape(token)}">
<p><button type="submit">{_word("confirm", language)}</button></p></form>"""
    return _page(_word("confirm", language), content, language)


def text_page(word: str, language: str) -> HTMLResponse:
    """Thanks, with one sentence: `sent_text`, `confirm_text`, `confirmed`."""
    return _page(_word("sent", language), f"<p>{_word(word, language)}</p>", language)


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
    return HTMLResponse(text, status_code=status, headers=headers)


def _field(asked: LeadFormInput, language: str) -> str:
    label = asked.label_zh if language.startswith("zh") and asked.label_zh else asked.label
    text, needed = escape(label or _word(asked.input, language)), " required" * asked.required
    if asked.input == "note":
        inside = f'<textarea name="note" maxlength="4000"{needed}></textarea>'
    else:
        kind = _KINDS.get(asked.input, "text")
        inside = f'<input type="{kind}" name="{asked.input}" maxlength="200"{needed}>'
    return f"<p><label>{text}<br>{inside}</label></p>"


def _label(pointer: str, language: str) -> str:
    name = pointer.removeprefix("/")
    return _word(name, language) if name in _WORDS else name


def _word(word: str, language: str) -> str:
    english, chinese = _WORDS[word]
    return chinese if language.startswith("zh") else english
