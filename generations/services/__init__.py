"""What can be done: one use-case a file, keyword-only, with `now` and the clients as arguments."""
