"""Where measurements are read from: a state folder, or what sinks brought to the centre."""
