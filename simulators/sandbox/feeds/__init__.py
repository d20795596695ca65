"""Between vault, engine and outside: notices, advices, marks of the journal, the history, webhooks of payments."""
