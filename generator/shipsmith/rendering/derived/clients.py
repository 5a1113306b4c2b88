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
PROGRAM = Path("template/{{ with_clients }}/{{ in_python }}/clients/generate.py")


def write(folder: Path, template: Template) -> None:
    """Generate the clients that are among the answers. Raises UserError if a document is not usable."""
    record = folder / RECORD
    answers = yaml_of(record.read_text("utf-8"), RECORD) if record.is_file() else {}
    names = list(answers.get(CLIENTS) or {}) if isinstance(answers, dict) else []
    if not names:
        return
    package = str(answers["service_name"]).replace("-", "_")
    command = [sys.executable, "-P", str(template.root / PROGRAM), package, *map(str, names)]
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").splitlines() or ["the clients cannot be generated"]
        raise UserError(*said[-20:])


def _program(template: Template) -> bytes:
    path = template.root / PROGRAM
    return path.read_bytes() if path.is_file() else b""


DERIVER = Deriver(
    inputs=(f"{CLIENT_DOCUMENTS}/", RECORD),
    outputs=("src/*/remote/*/__init__.py", "src/*/remote/*/client.py", "src/*/remote/*_pb2.py*"),
    of_template=_program,
    write=write,
    write_edited=write,
    merge=lambda path, base, user, new: new,
)
