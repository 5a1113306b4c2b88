import structlog

from .logged import Logged


def test_a_line_names_what_it_holds(written: Logged) -> None:
    structlog.get_logger().info("created", id=7)
    (line,) = written()
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "created", "id": 7, "level": "info"}
