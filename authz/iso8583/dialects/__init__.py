"""Field layouts of dialects, as data, one file each."""
