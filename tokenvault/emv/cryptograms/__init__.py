"""What proves a card genuine, and what the issuer answers: cryptograms, verification values, issuer scripts."""
