"""Background work: the database row is the queue; a runner only decides who works when."""
