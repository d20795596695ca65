"""What every process of ours needs: logs, signals, an event loop on a thread, other processes, spelling suggestions."""
