"""Keys, sessions and sign-in links of those who use the page and the HTTP API."""
