"""Provisioning: card identification, decision inputs, verification, and bulk loading."""
