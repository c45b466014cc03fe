"""Pure rules of lanes: order, refusals, pauses."""
