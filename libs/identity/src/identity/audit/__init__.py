"""The audit log: what has no record of its own, such as log-ins, denials, keys and exports."""
