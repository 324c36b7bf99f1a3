"""Paper and toner as accounts; printers, documents and kinds are opaque labels here."""
