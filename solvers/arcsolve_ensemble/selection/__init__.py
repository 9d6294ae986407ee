"""Algorithm selection: models that map instance features to a schedule of algorithms, and the choice among them."""
