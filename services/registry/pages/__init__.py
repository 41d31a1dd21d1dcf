"""What people see of the registry: a module a page or two, its template beside it."""
