"""The demonstration: stand-ins and hub as child processes, a merchant's hands, and a comparison of everybody's books.

It talks to both over HTTP only and imports neither: what it shows, an outsider could have seen.
"""
