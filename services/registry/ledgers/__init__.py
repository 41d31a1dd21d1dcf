"""The ledgers that the Employment Security Act asks for, made of the registry's rows."""
