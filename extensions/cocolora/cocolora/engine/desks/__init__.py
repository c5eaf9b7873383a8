"""Desks: what a user can ask for about one subject, over the rooms of one engine."""
