"""The canonical store: tables, migrations, leases and bulk work on SQLite and PostgreSQL."""
