"""The queue's atomic steps: one Lua file each, preceded by the parts of lib/ that its header names.

ARGV[1] of every step is the event limit (lib/events.lua), ARGV[2] the seconds that ended jobs are kept (lib/clock.lua);
lib/names.lua explains KEYS.
"""
