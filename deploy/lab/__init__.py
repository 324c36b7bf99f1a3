"""Real CUPS servers and virtual printers in a private folder, for the demo and the tests.

Every process is started by us, dies with us (also when we are killed) and is ended by its pid.
"""
