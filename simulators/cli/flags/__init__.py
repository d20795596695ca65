"""Flags that several verbs share: their defaults, the validation of their values, and the messages about them."""
