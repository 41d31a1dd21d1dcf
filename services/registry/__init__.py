"""Registry: the truth, and the personal data.

Hears what agencies post. Keeps seekers and their vault, agencies, postings, accounts, cafés.
Says posting.published, posting.withdrawn, seeker.published, seeker.withdrawn, submission.answered.
"""
