"""Small real videos whose every frame shows its number, with located beeps; and a checker of what was made of them."""
