"""Programs that travel inside a pack: a second implementation, standard library only, written apart."""
