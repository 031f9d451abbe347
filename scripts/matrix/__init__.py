"""What scripts/compatibility is made of: interpreters, programs, what was recorded, and scenarios."""
