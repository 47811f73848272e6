"""The templates: what they say, what they write, and that what they write works."""
