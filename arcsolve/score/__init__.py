"""Judging answers and summing up: exact match is the score, and Agent Zero stands beside every result."""
