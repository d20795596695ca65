"""The network between terminals and issuers: lines that misbehave, and a switch that routes."""
