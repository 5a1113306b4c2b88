"""OpenSearch, which speaks the API of Elasticsearch: one node, from the zip file that Maven finds."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from .maven import distribution
from .packages import require
from .processes import Process, converse
from .servers import Image, Recipe

VERSION = "2.19.6"
ARTIFACT = "org.opensearch.distribution.integ-test-zip:opensearch"
CONFIGURATION = """\
discovery.type: single-node
network.host: 127.0.0.1
http.port: {port}
transport.port: 0
path.data: {folder}/data
path.logs: {folder}/logs
node.store.allow_mmap: false
cluster.routing.allocation.disk.threshold_enabled: false
"""
LOGS = """\
appender.console.type = Console
appender.console.name = console
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""
# without calls of native code, it does not find out that root runs it, which it would refuse
NOT_NATIVE = ("-Djna.nosys=true", "-Djna.nounpack=true")


def _prepare(folder: Path, port: int, _companions: ExitStack) -> Callable[[], Process]:
    home = distribution("opensearch", VERSION, ARTIFACT)
    configuration = folder / "config"
    for each in (configuration, folder / "data", folder / "logs"):
        each.mkdir()
    (configuration / "opensearch.yml").write_text(CONFIGURATION.format(folder=folder, port=port))
    (configuration / "log4j2.properties").write_text(LOGS)
    java = [require("java", "openjdk-17-jre-headless"), "-Xms256m", "-Xmx384m", "-XX:TieredStopAtLevel=1"]
    java += [
        *NOT_NATIVE,
        "-Djava.security.manager=allow",
        f"-Djava.io.tmpdir={folder}",
        "-cp",
        f"{home}/lib/*",
    ]
    java += [f"-Dopensearch.path.home={home}", f"-Dopensearch.path.conf={configuration}"]
    return lambda: Process([*java, "org.opensearch.bootstrap.OpenSearch"], folder / "log")


OPENSEARCH = Recipe(
    name="opensearch",
    image=Image(
        f"opensearchproject/opensearch:{VERSION}",
        port=9200,
        environment={"discovery.type": "single-node", "DISABLE_SECURITY_PLUGIN": "true"},
    ),
    prepare=_prepare,
    answers=lambda port: converse(port, b"GET / HTTP/1.0\r\n\r\n", b"HTTP/1.0 200"),
)
