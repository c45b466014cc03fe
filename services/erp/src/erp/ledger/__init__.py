"""The ledger: accounts, fiscal years and periods, and journal entries.

An entry is posted whole and never changed: its debits equal its credits (E2), each line has one
side (E4), it lies in an open period (E6), its number follows its predecessor's without a gap. What
was wrong is put right by a linked reversing entry (E1, E7). The database promises each of these
itself. The trial balance is the sum of the lines (E5); no balance is stored.
"""
