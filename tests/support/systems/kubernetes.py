"""The API server of Kubernetes, built from its Go module, with its store and the kinds of operators."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import go, packages
from .processes import Process, free_port

SERVER = "k8s.io/kubernetes@v1.34.2"
PARTS = "v0.34.2"
KINDS = {
    "github.com/cert-manager/cert-manager@v1.21.2": "deploy/crds/cert-manager.io_certificates.yaml",
    "github.com/external-secrets/external-secrets@v1.3.2": (
        "config/crds/bases/external-secrets.io_externalsecrets.yaml"
    ),
    "github.com/prometheus-operator/prometheus-operator@v0.92.1": (
        "example/prometheus-operator-crd/monitoring.coreos.com_[ps]*[re]*s.yaml"
    ),
    "sigs.k8s.io/gateway-api@v1.5.1": "config/crd/standard/gateway.networking.k8s.io_*routes.yaml",
}
"""The files with the definitions, by the Go module that holds them."""
TOKEN = "tests"


@dataclass(frozen=True)
class Cluster:
    """What the API server knows. Nothing runs: there are no controllers and no nodes."""

    port: int

    def kubectl(self, *arguments: str | Path) -> tuple[str, str]:
        """What kubectl prints, and its warnings. Fails with its errors."""
        result = self._run(*arguments)
        assert result.returncode == 0, result.stderr
        return result.stdout, result.stderr

    def is_ready(self) -> bool:
        return self._run("get", "--raw=/readyz").returncode == 0

    def _run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        server = ["--insecure-skip-tls-verify", f"--server=https://127.0.0.1:{self.port}", f"--token={TOKEN}"]
        kubectl = packages.require("kubectl", "kubernetes-client")
        return subprocess.run([kubectl, *server, *map(str, arguments)], capture_output=True, text=True)


@contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    """Raises UnavailableError if the server cannot be built, or its store not be installed."""
    program = go.built_with_parts(SERVER, "kube-apiserver", PARTS)
    client, peer, port = free_port(), free_port(), free_port()
    key = folder / "key.pem"
    subprocess.run([packages.require("openssl", "openssl"), "genrsa", "-out", key, "2048"], check=True)
    (folder / "tokens.csv").write_text(f"{TOKEN},tests,1,system:masters\n")
    store = [
        packages.require("etcd", "etcd-server"),
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls=http://127.0.0.1:{client}",
        f"--advertise-client-urls=http://127.0.0.1:{client}",
        f"--listen-peer-urls=http://127.0.0.1:{peer}",
    ]
    server = [
        str(program),
        f"--etcd-servers=http://127.0.0.1:{client}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={folder / 'certificates'}",
        "--service-cluster-ip-range=10.0.0.0/16",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--authorization-mode=AlwaysAllow",
    ]
    processes = [Process(store, folder / "etcd.log")]
    try:
        processes.append(Process(server, folder / "server.log"))
        cluster = Cluster(port)
        processes[1].wait_until(cluster.is_ready, "the API server")
        _add_kinds(cluster)
        yield cluster
    finally:
        for process in reversed(processes):
            process.stop()


def _add_kinds(cluster: Cluster) -> None:
    for module, pattern in KINDS.items():
        found = sorted(go.files(module).glob(pattern))
        assert found, f"{module} has no {pattern}"
        for file in found:
            cluster.kubectl("apply", "--server-side", f"--filename={file}")
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
