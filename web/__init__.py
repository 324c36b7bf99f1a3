"""The pages: server-rendered, in two languages; they call services and queries and nothing else."""
