"""Variables of a model, each with the value that it has in the schedule to begin from."""

from ortools.sat.python import cp_model

__all__ = ["Number", "Truth", "Variables"]

Number = cp_model.LinearExprT
Truth = cp_model.LiteralT


class Variables:
    """Makes variables with their hints, and literals that say how far a variable has come."""

    def __init__(self, model: cp_model.CpModel) -> None:
        self.model = model
        self.yes = model.new_constant(1)
        self.no = model.new_constant(0)
        self._thresholds: dict[tuple[int, int], cp_model.IntVar] = {}
        self.hints: dict[int, int] = {}

    def number(self, low: int, high: int, hint: int) -> cp_model.IntVar:
        """A whole number from low to high."""
        return self.among(cp_model.Domain(low, high), hint)

    def among(self, domain: cp_model.Domain, hint: int) -> cp_model.IntVar:
        """A whole number of a domain."""
        variable = self.model.new_int_var_from_domain(domain, "")
        self._hint(variable, hint)
        return variable

    def truth(self, *, hint: bool) -> cp_model.IntVar:
        """A literal."""
        variable = self.model.new_bool_var("")
        self._hint(variable, int(hint))
        return variable

    def reaches(self, variable: cp_model.IntVar, threshold: int) -> cp_model.IntVar:
        """Whether the variable is at least so much; made once."""
        key = (variable.index, threshold)
        if key not in self._thresholds:
            literal = self.truth(hint=self.hints[variable.index] >= threshold)
            self.model.add(variable >= threshold).only_enforce_if(literal)
            self.model.add(variable < threshold).only_enforce_if(~literal)
            self._thresholds[key] = literal
        return self._thresholds[key]

    def _hint(self, variable: cp_model.IntVar, value: int) -> None:
        self.hints[variable.index] = value
        self.model.add_hint(variable, value)
