"""The fault kit: processes that are killed and frozen, connections that are cut, stand-ins that misbehave, clocks that
jump, and one checker that afterwards reads everything and judges each promise.
"""
