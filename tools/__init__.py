"""What authors run, as `python -m tools.NAME`; nothing here is needed to take the course."""
