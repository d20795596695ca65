"""The vault's database: tables, migrations, one writer at a time, and lists."""
