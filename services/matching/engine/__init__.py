"""What a pair is worth, and who is on whose list: pure, without a broker, a database or a clock."""
