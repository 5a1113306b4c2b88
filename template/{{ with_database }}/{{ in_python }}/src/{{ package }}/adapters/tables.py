"""What the tables of all resources share. Each resource has its table in its folder."""

from sqlalchemy import MetaData

# migrations drop constraints by these names
metadata = MetaData(
    naming_convention={
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_name)s_key",
    }
)
