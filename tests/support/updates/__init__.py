"""Updates under test: what people edit, what is updated, how faults are injected, what was lost."""
