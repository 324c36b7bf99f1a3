"""Documents that circulate: knows people, not paper or printers."""
