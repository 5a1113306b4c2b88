"""The clients of other services, generated from their documents below clients/, which are untrusted.

The program that generates them is a file of the template, which projects have as well: `make clients` runs it
there. It runs in a process of its own, which the documents may crash.
"""

import subprocess
import sys
from pathlib import Path

from ...errors import UserError
from ...reading import yaml_of
from ...template.questionnaire import CLIENTS
from ...template.versions import Template
from .deriver import Deriver

CLIENT_DOCUMENTS = "clients"
"""The folder of the documents: one for each client, in which people own what is there."""
RECORD = ".copier-answers.yml"
MOST_PROBLEMS = 40
OPTION = Path("template/{{ with_clients }}")
PROGRAMS = {
    "grpc": OPTION / "{{ with_clients_grpc }}/{{ in_python }}/clients/generate_grpc.py",
    "http": OPTION / "{{ with_clients_http }}/{{ in_python }}/clients/generate_http",
}


def write(folder: Path, template: Template) -> None:
    """Generate the clients that are among the answers. Raises UserError if a document is not usable."""
    record = folder / RECORD
    answers = yaml_of(record.read_text("utf-8"), RECORD) if record.is_file() else {}
    clients = (answers.get(CLIENTS) or {}) if isinstance(answers, dict) else {}
    problems = []
    for protocol, program in PROGRAMS.items():
        if names := [str(name) for name, spoken in clients.items() if spoken == protocol]:
            package = str(answers["service_name"]).replace("-", "_")
            problems += _problems(folder, [str(template.root / program), package, *names])
    if problems:
        raise UserError(*problems)


def _problems(folder: Path, arguments: list[str]) -> list[str]:
    """What a program says if it fails. It has then written nothing."""
    command = [sys.executable, "-P", "-B", *arguments]  # nothing is written beside the program
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if not done.returncode:
        return []
    said = done.stderr.decode(errors="replace").splitlines() or ["the clients cannot be generated"]
    return said[:MOST_PROBLEMS]


def _programs(template: Template) -> list[bytes]:
    paths = [template.root / program for program in PROGRAMS.values()]
    files = [file for path in paths for file in (path, *sorted(path.glob("*.py"))) if file.is_file()]
    return [file.read_bytes() for file in files]


DERIVER = Deriver(
    inputs=(f"{CLIENT_DOCUMENTS}/", RECORD),
    outputs=(
        "src/*/remote/*/__init__.py",
        "src/*/remote/*/client.py",
        "src/*/remote/*/models.py",
        "src/*/remote/*_pb2.py*",
    ),
    of_template=_programs,
    write=write,
    write_edited=write,
    merge=lambda path, base, user, new: new,
)
