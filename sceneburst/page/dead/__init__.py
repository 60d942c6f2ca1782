"""Dead letters as they are shown, and acts on many of them, carried out on the server while everybody may watch."""
