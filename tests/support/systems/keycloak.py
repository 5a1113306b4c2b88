"""Keycloak, an issuer of access tokens, from the zip file that Maven finds; its data is in memory."""

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from .maven import distribution
from .packages import require
from .processes import Process, converse
from .servers import Image, Recipe

VERSION = "26.7.3"
ADMINISTRATOR = ("admin", "dev-only")
ENVIRONMENT = {
    "KC_BOOTSTRAP_ADMIN_USERNAME": ADMINISTRATOR[0],
    "KC_BOOTSTRAP_ADMIN_PASSWORD": ADMINISTRATOR[1],
    "KC_DB": "dev-mem",
}


def _prepare(folder: Path, port: int, _companions: ExitStack) -> Callable[[], Process]:
    java = require("java", "openjdk-17-jre-headless")
    # it rebuilds itself for its configuration
    home = folder / "keycloak"
    shutil.copytree(distribution("keycloak", VERSION, "org.keycloak:keycloak-quarkus-dist"), home)
    environment = {
        **ENVIRONMENT,
        "JAVA": java,
        "JAVA_OPTS_APPEND": "-Xmx512m -XX:TieredStopAtLevel=1",
        "KC_HTTP_HOST": "127.0.0.1",
        "KC_HTTP_PORT": str(port),
    }
    command = ["bash", str(home / "bin/kc.sh"), "start-dev"]
    return lambda: Process(command, folder / "log", environment)


KEYCLOAK = Recipe(
    name="keycloak",
    image=Image(
        f"quay.io/keycloak/keycloak:{VERSION}", port=8080, environment=ENVIRONMENT, command=["start-dev"]
    ),
    prepare=_prepare,
    answers=lambda port: converse(port, b"GET /realms/master HTTP/1.0\r\n\r\n", b"HTTP/1.0 200"),
)
