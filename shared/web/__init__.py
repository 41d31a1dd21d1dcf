"""Page furniture: sign-in, pages, problems, and every sentence people read."""
