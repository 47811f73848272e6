"""A very small shop: what the demo's pipeline tests, scans and deploys."""
