"""Updates under test: edits, versions, injected faults, and the measurement of losses."""
