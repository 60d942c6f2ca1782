"""Makes and checks the pictures beside the videos: poster and sprite sheet."""
