"""Cafés: the places where seekers are looked after."""
