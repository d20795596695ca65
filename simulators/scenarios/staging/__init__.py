"""What steps work with: the cast on its stage, values, rehearsal, and outcomes."""
