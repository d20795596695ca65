"""Steps of scenarios, one model each, which executes itself."""
