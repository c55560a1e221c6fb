"""Words for worlds in memory: an app and its clients under one seed (docs/specs.md)."""
