"""Sign-in: who looks at the page, how a session begins and ends, and requests that other sites have made a browser send."""
