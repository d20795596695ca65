"""What has gone over the wires lately: ISO 8583 frames, where they are recorded, and HTTP requests. Kept in memory."""
