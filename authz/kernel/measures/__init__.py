"""What limits, rules and segments measure: periods of the calendar, filters, meters."""
