"""The views of the page; `registry.py` lists them, and `../view.py` says what one is made of."""
