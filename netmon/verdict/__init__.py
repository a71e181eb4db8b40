"""What the newest readings say about the site: is it good, where is the fault, what to do next."""
