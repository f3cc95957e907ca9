"""Helpers of the course *Unrolled*."""
