"""The verbs of supplies, one module for each part of their life.

Locks are taken in one order: the order or stocktaking, its budget, the stock, a cartridge's place.
"""
