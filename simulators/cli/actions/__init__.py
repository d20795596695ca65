"""What the verbs do, with output and exit codes, one file each."""
