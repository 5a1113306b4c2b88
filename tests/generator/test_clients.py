"""Other services that a service calls: `add client`, `remove client`, and documents that cannot be used."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ..support.command_line import shipsmith

INVENTORY = """\
syntax = "proto3";
package inventory.v1;
import "google/protobuf/empty.proto";
service StockService {
  rpc GetStock(GetStockRequest) returns (Stock) { option idempotency_level = NO_SIDE_EFFECTS; }
  rpc Reserve(Stock) returns (google.protobuf.Empty);
  rpc Watch(GetStockRequest) returns (stream Stock);
}
message GetStockRequest { string sku = 1; }
message Stock { string sku = 1; int64 quantity = 2; }
"""
CLIENT = "src/orders/remote/inventory/client.py"


def new(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return shipsmith("new", "orders", "--preset", "minimal", "--defaults", *arguments, cwd=folder)


def git(project: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    return subprocess.run(
        ["git", *identity, *arguments], cwd=project, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "inventory.proto"
    path.write_text(INVENTORY)
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    assert new(tmp_path).returncode == 0
    return tmp_path / "orders"


def answers(project: Path) -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load((project / ".copier-answers.yml").read_text())
    return found


def test_a_new_service_has_the_clients_that_are_given(tmp_path: Path, document: Path) -> None:
    made = new(tmp_path, "--client", f"inventory={document}")
    assert made.returncode == 0, made.stderr
    project = tmp_path / "orders"
    assert answers(project)["clients"] == {"inventory": "grpc"}
    assert (project / "clients/inventory/inventory.proto").read_text() == INVENTORY
    client = (project / CLIENT).read_text()
    assert "async def get_stock(" in client
    assert "watch" not in client
    assert git(project, "status", "--porcelain") == ""


def test_what_a_generated_service_only_reads_may_be_repeated(tmp_path: Path) -> None:
    made = shipsmith(
        *("new", "stocks", "--preset", "minimal", "--defaults", "--no-git", "--set", "grpc=true"),
        cwd=tmp_path,
    )
    assert made.returncode == 0, made.stderr
    assert new(tmp_path, "--client", f"stocks={tmp_path / 'stocks/proto'}").returncode == 0
    client = (tmp_path / "orders/src/orders/remote/stocks/client.py").read_text()
    said = dict(re.findall(r"^([A-Z_]+) = Method\(.*?repeatable=(\w+)", client, re.MULTILINE | re.DOTALL))
    repeatable = {name.partition("_")[0]: answer == "True" for name, answer in said.items()}
    assert repeatable == {"CREATE": False, "GET": True, "LIST": True, "UPDATE": False, "DELETE": False}


def test_a_client_is_added_to_an_edited_repository_and_removed_again(project: Path, document: Path) -> None:
    (project / "src/orders/errors.py").open("a").write("# ours\n")
    git(project, "commit", "-qam", "edited")
    before = git(project, "ls-files")

    added = shipsmith("add", "client", "inventory", str(document), cwd=project)
    assert added.returncode == 0, added.stderr
    assert (project / CLIENT).exists()
    git(project, "commit", "-qm", "added")

    removed = shipsmith("remove", "client", "inventory", cwd=project)
    assert removed.returncode == 0, removed.stderr
    git(project, "commit", "-qm", "removed")
    assert git(project, "ls-files") == before
    assert (project / "src/orders/errors.py").read_text().endswith("# ours\n")


def test_a_changed_document_changes_its_client(project: Path, document: Path) -> None:
    assert shipsmith("add", "client", "inventory", str(document), cwd=project).returncode == 0
    git(project, "commit", "-qm", "added")
    kept = project / "clients/inventory/inventory.proto"
    kept.write_text(INVENTORY.replace("rpc Reserve", "rpc Hold"))
    command = [sys.executable, "clients/generate_grpc.py", "orders", "inventory"]
    subprocess.run(command, cwd=project, check=True)
    assert "async def hold(" in (project / CLIENT).read_text()


STREAMS = INVENTORY.replace("(stream ", "(").replace("returns (", "returns (stream ")
UNUSABLE: dict[str, tuple[str, str]] = {
    "no protobuf": ("hello", "inventory.proto:1:1"),
    "an import of what is not there": (
        INVENTORY.replace("google/protobuf/empty.proto", "../secret.proto"),
        "secret.proto",
    ),
    "streams only": (STREAMS, "has a method that is not a stream"),
    "a keyword as message": (
        INVENTORY.replace("Stock)", "None)").replace("message Stock", "message None"),
        "has a keyword of Python as its name",
    ),
    "text that is no UTF-8": ("\udcff", "UTF-8"),
}


@pytest.mark.parametrize(("text", "reason"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_document_that_cannot_be_used_is_explained_and_changes_nothing(
    project: Path, document: Path, text: str, reason: str
) -> None:
    document.write_bytes(text.encode("utf-8", "surrogateescape"))
    refused = shipsmith("add", "client", "inventory", str(document), cwd=project)
    assert refused.returncode == 1
    assert reason in refused.stderr
    assert "Traceback" not in refused.stderr
    assert git(project, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["inventory", "missing.proto"], "there is no such file"),
        (["Inventory", "{document}"], "is not a valid service name"),
        (["orders", "{document}"], "is this service itself"),
        (["import", "{document}"], "is a keyword of Python"),
        (["inventory", "{folder}"], "has no .proto file"),
        (["inventory"], "Write shipsmith add client NAME FILE"),
    ],
    ids=["no file", "no name of a service", "itself", "a keyword", "an empty folder", "no document"],
)
def test_what_is_no_client_is_explained(
    project: Path, document: Path, tmp_path: Path, words: list[str], reason: str
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    given = [word.format(document=document, folder=empty) for word in words]
    refused = shipsmith("add", "client", *given, cwd=project)
    assert refused.returncode in (1, 2)
    assert reason in refused.stderr
    assert git(project, "status", "--porcelain") == ""


SERVICE = (
    "service {name} {{ rpc Get(A) returns (A); rpc Methods(A) returns (A); rpc class(A) returns (A); }}\n"
)


def test_methods_have_names_that_nothing_else_has(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    for package in ("a.v1", "a.v2"):
        text = f'syntax = "proto3"; package {package};\nmessage A {{}}\n' + SERVICE.format(name="Sums")
        (folder / f"{package.replace('.', '_')}.proto").write_text(text)
    added = shipsmith("add", "client", "sums", str(folder), cwd=project)
    assert added.returncode == 0, added.stderr
    client = (project / "src/orders/remote/sums/client.py").read_text()
    names = re.findall(r"^    async def (\w+)", client, re.MULTILINE)
    assert len(names) == 12
    assert len(set(names)) == 6
    assert len(set(re.findall(r"^([A-Z_0-9]+) = ", client, re.MULTILINE))) == 7


def test_files_that_would_be_one_module_are_refused(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    (folder / "a").mkdir(parents=True)
    for number, path in enumerate(("a/b.proto", "a_b.proto")):
        text = f'syntax = "proto3"; package p{number};\nmessage A {{}}\n' + SERVICE.format(name="Sums")
        (folder / path).write_text(text)
    refused = shipsmith("add", "client", "sums", str(folder), cwd=project)
    assert "two files are a_b_pb2 in Python" in refused.stderr


def test_what_the_service_itself_defines_differently_is_refused(tmp_path: Path, document: Path) -> None:
    document.write_text(
        INVENTORY.replace("inventory.v1", "orders.v1").replace("message Stock ", "message Order ")
    )
    document.write_text(
        document.read_text().replace("(Stock)", "(Order)").replace("stream Stock", "stream Order")
    )
    made = new(tmp_path, "--set", "grpc=true", "--client", f"inventory={document}")
    assert made.returncode == 1
    assert "defines orders.v1.Order, and so does" in made.stderr


def test_code_that_still_uses_a_client_is_named(project: Path, document: Path) -> None:
    assert shipsmith("add", "client", "inventory", str(document), cwd=project).returncode == 0
    (project / "src/orders/stock.py").write_text(
        "from .remote.inventory.client import Inventory as Inventory\n"
    )
    git(project, "add", "--all")
    git(project, "commit", "-qm", "added")
    removed = shipsmith("remove", "client", "inventory", cwd=project)
    assert "src/orders/stock.py still uses the client inventory" in removed.stdout + removed.stderr


def test_two_clients_that_define_the_same_message_are_refused(project: Path, document: Path) -> None:
    assert shipsmith("add", "client", "inventory", str(document), cwd=project).returncode == 0
    git(project, "commit", "-qm", "added")
    document.write_text(INVENTORY.replace("int64", "int32"))
    refused = shipsmith("add", "client", "stock", str(document), cwd=project)
    assert refused.returncode == 1
    assert "differs from clients/inventory/inventory.proto" in refused.stderr


def test_a_client_without_a_document_is_refused(tmp_path: Path) -> None:
    refused = new(tmp_path, "--set", "clients={inventory: grpc}")
    assert "--client inventory=FILE" in refused.stderr
    assert not (tmp_path / "orders").exists()


def test_resilience_needs_a_database_or_clients(project: Path, document: Path) -> None:
    """What has neither of them is refused, also once the last client is removed."""
    reason = "resilience is about calls of a database and of other services, and there are neither"
    refused = shipsmith("add", "resilience", cwd=project)
    assert (refused.returncode, reason in refused.stderr) == (1, True)

    assert shipsmith("add", "client", "inventory", str(document), cwd=project).returncode == 0
    git(project, "commit", "-qm", "added")
    added = shipsmith("add", "resilience", cwd=project)
    assert added.returncode == 0, added.stderr
    git(project, "commit", "-qm", "guarded")
    assert (project / "src/orders/resilience/guard.py").exists()
    assert not (project / "src/orders/resilience/repository.py").exists()

    refused = shipsmith("remove", "client", "inventory", cwd=project)
    assert (refused.returncode, reason in refused.stderr) == (1, True)
    assert git(project, "status", "--porcelain") == ""
