"""What everything else is written in: identifiers, PANs, tenants, and errors that callers are told."""
