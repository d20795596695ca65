"""The steps of scenarios: one model each, which carries itself out."""
