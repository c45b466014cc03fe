"""Absences: from when until when users are away. Those of one user never overlap."""
