"""The vault's database: tables, migrations, one writer at a time, and how far the journal has come."""
