"""Writes sentences in the caller's language."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from chassis.http.dependencies import Language
from chassis.texts import Texts
from sync_bridge.explanations import Explanation

__all__ = ["InLanguage", "Translator"]


@dataclass(frozen=True)
class Translator:
    """Writes sentences in one language."""

    texts: Texts
    language: str

    def word(self, text: str) -> str:
        """The word in the language."""
        return self.texts.text(text, self.language)

    def summary(self, answered: str) -> str:
        """What a half said of a refusal: its title in the language, as far as that is known.

        Halves answer the bridge in English. Of a title that is not in the catalogue only the
        fields are left: the problem's code, which stands beside it, says the same.
        """
        title, _, fields = answered.partition(": ")
        written = self.word(title)
        if self.language.startswith("en"):
            return answered
        known = [written] if written != title else []
        return "：".join([*known, *([fields] if fields else [])])

    def write(self, sentence: Explanation) -> str:
        """The sentence in the language."""
        words = {name: self.word(word).replace("_", " ") for name, word in sentence.words.items()}
        return self.word(sentence.text).format(**sentence.facts, **words)


async def in_language(request: Request, language: Language) -> Translator:
    """Writes in the language of this caller."""
    return Translator(request.app.state.texts, language)


InLanguage = Annotated[Translator, Depends(in_language)]
