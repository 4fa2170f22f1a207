"""Every component in every state, every letter, and the shared flow: for who builds the portal, never in production."""
