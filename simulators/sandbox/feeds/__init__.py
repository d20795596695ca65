"""Between vault, engine and outside: notices, advices, ends of days, marks of the journal, the history, webhooks."""
