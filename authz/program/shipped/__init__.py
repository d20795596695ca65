"""Programs that are included: the documents, and how they are found by name."""
