"""The command line: every step of the hub without Airflow, for people and for programs."""
