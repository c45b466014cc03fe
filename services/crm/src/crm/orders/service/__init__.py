"""The door of orders: placing, changing, cancelling, and what the ERP tells."""
