"""The sandbox: one seeded company and the process that hosts the vendors simulated over it."""
