"""Clients of the stream, for people and for servers of developers, and a receiver of webhooks for trying things out."""
