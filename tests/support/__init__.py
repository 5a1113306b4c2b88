"""What the tests share; no test is here."""
