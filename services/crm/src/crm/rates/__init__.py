"""Exchange rates by day, as records: what a currency is worth in the company's own.

A rate holds from its day on until a later one is there, for so many days as the setting
`CRM_RATE_MAX_AGE_DAYS` says; an older one is stale, and nothing is counted by it.
"""
