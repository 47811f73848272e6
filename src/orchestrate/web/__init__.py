"""The web shows: REST, WebSocket, webhooks and the dashboard."""
