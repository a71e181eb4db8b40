"""The command line: words, exit codes, and nothing that decides."""
