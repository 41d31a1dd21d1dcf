"""What lists and outcomes tell: who is shown, what changed, what is lacking, which weights they suggest."""
