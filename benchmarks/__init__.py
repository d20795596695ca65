"""Benchmarks: programs that anyone can rerun with one command. Each prints its machine and its spread."""
