"""Telling the world, proved against real servers on loopback."""
