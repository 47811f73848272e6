"""The API over real sockets: a real server, a real engine, real agents."""
