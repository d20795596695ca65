"""The sandbox's clock, local days, and the detection of leaps of the system's clock."""
