"""The demo city: invented agencies, postings and seekers, to see a system at work on its first day."""
