"""Taking over lists from spreadsheets: a file, the plan it makes, and carrying that out."""
