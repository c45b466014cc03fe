"""What score rules bring into the CRM."""

from chassis.service import Module
from chassis.work.states import States
from crm.activities.events import ActivityChanged
from crm.score_rules.events import ScoreRuleChanged
from crm.score_rules.models import RIGHTS, SEARCH, LeadEvent, ScoreRule
from crm.score_rules.router import lead_score_router, score_rule_router
from crm.score_rules.service.rules import score_rule_states
from crm.score_rules.service.scores import SCHEDULE, SCORE, note_activity, score_due

__all__ = ["MODULE"]

MODULE = Module(
    name="score_rules",
    routers=(score_rule_router, lead_score_router),
    tags={"score-rules": "Rules that give leads points, and what leads score by them."},
    permissions={
        "score_rules.read": "See score rules.",
        "score_rules.write": "Create, change, archive and link score rules.",
    },
    roles={
        "seller": {"score_rules.read"},
        "sales_manager": {"score_rules.read", "score_rules.write"},
        "marketer": {"score_rules.read", "score_rules.write"},
    },
    tables=(ScoreRule, SEARCH, LeadEvent),
    rights=RIGHTS,
    events=(ScoreRuleChanged,),
    handlers={ActivityChanged: (note_activity,)},
    jobs={SCORE: score_due},
    schedules=(SCHEDULE,),
    states={ScoreRuleChanged: States("score_rule", score_rule_states)},
)
