"""What every process needs: logging, signals, a background event loop, child processes, spelling suggestions."""
