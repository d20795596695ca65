"""Attack simulations: each does what an attacker could do, and names the reasons for which it must be refused."""
