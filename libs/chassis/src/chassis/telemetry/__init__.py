"""What an operator sees: log lines, metrics and the trace that ties one act's records together."""
