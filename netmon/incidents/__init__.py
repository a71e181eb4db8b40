"""From minutes, readings and events to incidents: one per thing and cause, with the facts that decided."""
