"""What the verbs do, with their output and exit codes, one file each."""
