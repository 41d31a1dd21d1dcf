"""The proof that what streamed in is what a recompute gives: made, kept, repaired."""
