"""The lag as a metric."""

import math

from ..application import Application


async def replica_lag_seconds(application: Application) -> float:
    """That of the replica which is furthest behind; no number while one was never reached."""
    followers = (replica for replica in application.replicas.all if not replica.is_primary)
    lag = max((replica.lag_seconds for replica in followers), default=math.inf)
    return lag if math.isfinite(lag) else math.nan
