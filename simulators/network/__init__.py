"""The network between terminals and issuers: faulty connections, and a switch that routes to several issuers."""
