"""Telling the world: people by channels, programs by webhooks, forges by statuses and comments."""
