"""What is behind the gateway: the CUPS queues that forward to real printers, and those printers."""
