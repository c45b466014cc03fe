"""What each group of operations in the API's documentation is about."""

from collections.abc import Mapping

__all__ = ["TAGS"]

TAGS: Mapping[str, str] = {
    "accounts": "The chart of accounts that journal entries are posted to.",
    "approvals": "Decisions on orders that went beyond a limit: who asked, who decided, and why.",
    "availability": "How much of an item can be promised, and from which day.",
    "bills": "Invoices and credit notes of suppliers, against receipts or as expenses.",
    "customers": "Firms and people that buy: addresses, terms, credit limit.",
    "fiscal-years": "Years of the books, each with its twelve periods.",
    "invoices": "Invoices and credit notes to customers, with their legal numbers.",
    "item-categories": "The tree that items are sorted into.",
    "items": "What is bought, stocked and sold: goods and services, with their units.",
    "journal-entries": "Entries of the ledger; posted ones are reversed, not changed.",
    "open-items": "What customers owe and what is owed to suppliers, document by document.",
    "opening-receivables": "Unpaid invoices of the time before Tandem, taken over once.",
    "payables": "Unpaid bills of the time before Tandem, taken over once.",
    "payments": "Money received and paid, and the documents that it settles.",
    "periods": "Months of the books, open for posting or closed.",
    "price-lists": "Lists that sales prices belong to; one is the default.",
    "prices": "Sales prices of items by list, quantity and day.",
    "purchase-orders": "What was ordered from suppliers, received of it and billed for it.",
    "purchase-receipts": "Deliveries of suppliers as they were received.",
    "purchase-returns": "Goods that went back to suppliers.",
    "purchase-suggestions": "What should be ordered, how much of it, and from whom.",
    "reports": "Trial balance, stock valuation, and who owes how much since when.",
    "sales-orders": "Orders of customers from draft to completion: reserve, ship, return, invoice.",
    "serials": "Numbered pieces: where each one is and where it has been.",
    "shipments": "Deliveries to customers and what came back of them.",
    "stock-adjustments": "Corrections of stock after a count, with the reason.",
    "stock-documents": "What moved stock: receipts, shipments, adjustments, returns.",
    "stock-levels": "Quantity on hand, reserved and free by item and warehouse.",
    "stock-moves": "Every movement of stock with its quantity and value.",
    "stock-receipts": "Goods received without an order, and stock of the time before Tandem.",
    "supplier-prices": "What suppliers charge, by quantity and day, and how long they take.",
    "suppliers": "Firms that goods and services are bought from.",
    "tax-codes": "Rates of value-added tax that lines name.",
    "units": "Units that quantities are counted in.",
    "warehouses": "Places that stock is kept in.",
    "write-offs": "Debts of customers that are given up, and taken back when they are paid.",
}
