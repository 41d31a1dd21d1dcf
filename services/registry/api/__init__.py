"""What programs may ask of the registry over HTTP, a module a matter."""
