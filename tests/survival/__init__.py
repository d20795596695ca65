"""What the network survives: killed processes, full disks, damaged files, frames that nobody meant."""
