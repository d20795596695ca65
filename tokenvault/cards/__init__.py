"""Funding cards: issued, listed, shown to their holder and to nobody else."""
