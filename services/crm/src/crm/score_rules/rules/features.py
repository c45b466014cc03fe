"""What a score may be made of: what is known of a lead before its outcome (C19)."""

from collections.abc import Collection, Iterable

from chassis.problems.problem import FieldError
from crm.score_rules.states import FACTS, KNOWN_AFTER_OUTCOME, ScoreBasis

__all__ = ["CUSTOM", "late_features", "wrong_facts"]

CUSTOM = "custom."


def late_features(facts: Iterable[str], late_fields: Collection[str]) -> list[str]:
    """Those of the facts that are known only after the outcome.

    `late_fields`: keys of the custom fields that the company fills in only then.
    """
    late = KNOWN_AFTER_OUTCOME | {f"{CUSTOM}{key}" for key in late_fields}
    return sorted(set(facts) & late)


def wrong_facts(
    basis: ScoreBasis,
    facts: Iterable[str],
    *,
    custom_keys: Collection[str],
    late_fields: Collection[str],
) -> list[FieldError]:
    """What is wrong with the facts that the conditions of a rule ask for, in their order."""
    found = []
    for at, fact in enumerate(facts):
        pointer = f"/conditions/{at}/fact"
        if late_features([fact], late_fields):
            message = "{fact} is known only once the outcome is known: it says nothing before."
            found.append(FieldError(pointer, "known_after_outcome", message, {"fact": fact}))
        elif not _is_there(basis, fact, custom_keys):
            message = "There is no such fact: {fact}. There are: {facts}."
            known = ", ".join(FACTS[basis])
            found.append(
                FieldError(pointer, "fact_unknown", message, {"fact": fact, "facts": known})
            )
    return found


def _is_there(basis: ScoreBasis, fact: str, custom_keys: Collection[str]) -> bool:
    if basis == ScoreBasis.FIELD and fact.startswith(CUSTOM):
        return fact.removeprefix(CUSTOM) in custom_keys
    return fact in FACTS[basis]
