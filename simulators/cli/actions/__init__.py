"""The actions of the verbs, with their output and exit codes, one file each."""
