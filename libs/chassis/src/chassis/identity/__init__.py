"""Who is calling: API keys, access tokens, local users and what each of them may do."""
