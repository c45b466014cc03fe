"""Scores of leads: rules give points for what a lead is, and for what happened with it.

A rule looks at the lead's fields, or at its touches, activities or events; points fade by half in
the days that the rule names. The score is the sum of what the rules give, so it is explained by
them (C19). A lead that is closed keeps its last score. What is known only once the outcome is
known, no rule may ask for.
"""
