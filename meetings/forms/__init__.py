"""What people type about meetings, made clean."""
