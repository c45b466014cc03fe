"""Tags: the words of a company that people put on records and documents to find them again."""
