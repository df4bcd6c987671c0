"""Run the command line: ``python -m hrhub.cli``."""

from hrhub.cli.main import app

if __name__ == "__main__":
    app()
