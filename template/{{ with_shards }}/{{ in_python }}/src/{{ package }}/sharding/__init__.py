"""Rows are spread over several databases, the shards; which one keeps a row follows from its id."""
