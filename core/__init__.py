"""The ground that the trades stand on: no word of printers, quotas, sheets or documents in here."""
