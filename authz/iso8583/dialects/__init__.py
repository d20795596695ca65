"""How a dialect lays out its fields: as data, one file each."""
