"""What programs and configurations of integrators call by an earlier name works in this version, with a warning."""
