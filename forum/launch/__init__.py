"""What starts the portal on one machine: embedded services, the demo, `run`'s commands. No Django."""
