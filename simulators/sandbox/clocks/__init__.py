"""The sandbox's clock, and the detection of leaps of the system's clock."""
