"""What programs may ask of matching over HTTP, a module a matter."""
