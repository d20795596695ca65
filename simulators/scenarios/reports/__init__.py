"""How scenarios went, for people and for build servers."""
