"""Why a worker ended: a table as data (table.toml) and the pure function that applies it."""
