"""Custom fields: declared, registered, mapped, stored, read, moved, filled in later."""
