"""Documents from draft to read receipt: knows people, not paper or printers."""
