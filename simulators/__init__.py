"""Simulators: phones, terminals and attackers, and the sandbox that wires vault and engine into one network."""
