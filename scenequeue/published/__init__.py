"""The dispatcher's publications, as others read them: each value checked, as anybody may have written it."""
