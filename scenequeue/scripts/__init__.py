"""The queue's atomic steps: one Lua file each, behind a shared prelude."""
