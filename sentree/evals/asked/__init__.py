"""Questions about logs that somebody else made, with truth computed from the raw records.

Nothing here goes through the lake or its mappings: plain Python reads the vendors' own fields. The
questions are made from what the records hold (their busiest hosts, users, addresses and so on),
so any logs of the kind can be asked about.
"""
