"""Acts of fulfilment: orders, shipments, returns, invoices of orders."""
