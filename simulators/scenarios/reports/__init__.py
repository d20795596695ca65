"""Reports of scenario results, for people and for build servers."""
