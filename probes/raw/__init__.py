"""What needs raw sockets: a small helper process that has the right, and the daemon's side of it."""
