"""What the measurements prove: availability, contracts, claims, use, and what an upgrade changed."""
