"""The queue's atomic steps: one Lua file each, behind two that all of them share."""
