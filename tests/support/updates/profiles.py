"""Edits to a project before an update. The project works before and after."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from .edits import append, move, png, replace, write
from .tools import Template, git

ANSWERS = ".copier-answers.yml"


@dataclass(frozen=True)
class Project:
    """A newly generated service named orders."""

    folder: Path
    template: Template
    version: str
    preset: str

    @property
    def package(self) -> Path:
        return self.folder / "src/orders"

    @property
    def unit_tests(self) -> Path:
        return self.folder / "tests/unit"

    @property
    def decision(self) -> Path:
        return self.folder / "docs/decisions/0001-one-process-ports-and-adapters.md"

    @property
    def health(self) -> str:
        """The name of the readiness module in its version."""
        return "health" if (self.package / "health.py").exists() else "readiness"


@dataclass(frozen=True)
class Profile:
    name: str
    summary: str
    edit: Callable[[Project], None]


def _untouched(project: Project) -> None:
    pass


def _disjoint(project: Project) -> None:
    function = """

def is_large(order: Order) -> bool:
    \"\"\"Whether a second pair of eyes has to see it.\"\"\"
    return order.quantity > 1000
"""
    append(project.package / "orders/model.py", function)
    write(
        project.package / "limits.py",
        "from pydantic import BaseModel\n\n\nclass LimitSettings(BaseModel):\n    quantity: int = 1000\n",
    )
    settings = project.package / "settings.py"
    logs = "from .logs import LogSettings\n"
    replace(settings, logs, "from .limits import LimitSettings\n" + logs)
    replace(settings, "    http: HttpSettings\n", "    http: HttpSettings\n    limits: LimitSettings\n")
    first = "# DEBUG, INFO, WARNING or ERROR\n"
    replace(project.folder / ".env.example", first, "#ORDERS_LIMITS__QUANTITY=1000\n\n" + first)
    heading = "## The first five minutes\n"
    contact = "## Whom to ask\n\nThe platform team, in the channel `#orders`.\n\n"
    replace(project.folder / "README.md", heading, contact + heading)
    lock = "lock: setup  ## resolve"
    replace(project.folder / "Makefile", lock, "shell: setup  ## a Python prompt\n\t$(BIN)/python\n\n" + lock)
    append(project.folder / "pyproject.toml", "\n[tool.coverage.run]\nbranch = true\n")
    test = """

async def test_a_new_one_has_not_changed(application: Application) -> None:
    created = await examples.create(application)
    assert created.updated_at == created.created_at
"""
    append(project.unit_tests / "orders/test_service.py", test)


def _same_lines(project: Project) -> None:
    replace(project.package / "settings.py", "Field(25, ge=0,", "Field(30, ge=1,")
    _substitute(project.folder / ".env.example", r"(after SIGTERM.*\n#.*)=25\n", r"\1=30\n")
    _substitute(project.folder / "Makefile", r"(docker compose up .*)\n", r"\1 --remove-orphans\n")
    _substitute(
        project.folder / "README.md",
        r"`make up` starts everything in containers.*",
        "`make up` starts it all.",
    )
    wanted = "        return await self._repository.page(query.cursor, query.limit, query.filters())\n"
    fewer = '        query = query.model_copy(update={"limit": min(query.limit, 100)})\n'
    replace(project.package / "orders/service.py", wanted, fewer + wanted)
    _substitute(project.package / "errors.py", r"Somebody else has changed.*\.", "Another change came first.")
    logs = "        _add_timestamp,\n"
    replace(project.package / "logs.py", logs, "        structlog.processors.dict_tracebacks,\n" + logs)
    replace(project.package / f"{project.health}.py", "CHECK_SECONDS = 2\n", "CHECK_SECONDS = 1.5\n")
    problems = project.package / "entrypoints/problems.py"
    replace(problems, '"the request is invalid"', '"the request has mistakes"')
    replace(project.decision, "Accepted, orders's first day.", "Accepted by the platform team.")
    _substitute(project.decision, r"Each resource has a folder", "Every resource has a folder")
    if (hooks := project.folder / ".pre-commit-config.yaml").exists():
        append(hooks, "        stages: [pre-push]\n")
    replace(project.unit_tests / f"test_{project.health}.py", '"slow", lambda', '"hangs", lambda')
    replace(project.unit_tests / f"test_{project.health}.py", '== ["slow"]', '== ["hangs"]')


def _new_files(project: Project) -> None:
    write(project.package / "pricing/__init__.py", "")
    discounts = """\
\"\"\"What regular customers pay less.\"\"\"


def discount(orders_before: int) -> float:
    return 0.1 if orders_before > 10 else 0.0
"""
    write(project.package / "pricing/discounts.py", discounts)
    test = """\
from orders.pricing.discounts import discount

from ..examples import orders


def test_regular_customers_pay_less() -> None:
    assert orders.fields()
    assert discount(11) > discount(0)
"""
    write(project.unit_tests / "test_discounts.py", test)
    record = "# 2. Prices\n\nAccepted.\n\n## Decision\n\nDiscounts are rules of ours, not data.\n"
    write(project.decision.with_name("0002-prices.md"), record)
    write(project.folder / "docs/flow.png", png(200, 10, 10))
    script = project.folder / "scripts/backup.sh"
    write(script, "#!/bin/sh\nset -eu\ncp -a data backup\n")
    script.chmod(0o755)


def _taken_places(project: Project) -> None:
    """Files with paths that later versions use."""
    module = '"""Ours."""\n\nOURS = "{}"\n'
    for name in ("readiness", "stalls"):
        if not (project.package / f"{name}.py").exists():
            write(project.package / f"{name}.py", module.format(name))
    write(project.folder / "docs/adr" / project.decision.name, "# 1. Our own first record\n\nAccepted.\n")
    write(project.folder / "tests/component/__init__.py", "")
    test = "def test_components_are_found() -> None:\n    assert __name__\n"
    write(project.folder / "tests/component/test_logs.py", test)


def _deleted(project: Project) -> None:
    for path in (
        project.folder / "docs/logo.png",
        project.decision,
        project.unit_tests / "test_logs.py",
        project.unit_tests / f"test_{project.health}.py",
    ):
        path.unlink()
    (project.folder / ".pre-commit-config.yaml").unlink(missing_ok=True)


def _renamed(project: Project) -> None:
    _rename_module(project, "service", "use_cases", "orders")
    tests = project.unit_tests / "orders"
    move(tests / "test_service.py", tests / "test_use_cases.py")
    again = project.unit_tests.parent / "integration/orders/test_repository.py"
    replace(again, "orders.test_service import", "orders.test_use_cases import")
    append(
        project.package / "orders/use_cases.py",
        "\n    async def exists(self, order_id: UUID) -> bool:\n"
        "        return (await self.get(order_id)).id == order_id\n",
    )
    move(project.folder / "docs/logo.png", project.folder / "docs/brand.png")


def _renamed_differently(project: Project) -> None:
    module = project.health
    _rename_module(project, module, "wellbeing")
    test = project.unit_tests / f"test_{module}.py"
    replace(test, f"from orders import {module}\n", f"from orders import wellbeing as {module}\n")
    move(test, project.unit_tests / "test_wellbeing.py")
    move(project.decision.parent, project.folder / "docs/records")
    replace(project.folder / "README.md", "`docs/decisions/`", "`docs/records/`")


def _binary(project: Project) -> None:
    (project.folder / "docs/logo.png").write_bytes(png(250, 220, 0))


def _feature_removed(project: Project) -> None:
    if "grpc: true" in (project.folder / ANSWERS).read_text():
        _become(project, {"grpc": "false", "mtls": "false"})
        return
    entrypoints = project.package / "entrypoints"
    (entrypoints / "access_log.py").unlink()
    replace(entrypoints / "http.py", "from .access_log import AccessLog\n", "")
    replace(entrypoints / "http.py", "    app.add_middleware(AccessLog)\n", "")


def _resource_renamed(project: Project) -> None:
    _become(project, {"resources": "{purchase: {name: str, quantity: int}}"})


PROFILES = (
    Profile("untouched", "no edits", _untouched),
    Profile(
        "disjoint",
        "added a function, a settings section, a make target, a test and paragraphs, away from changed lines",
        _disjoint,
    ),
    Profile("same lines", "edited the lines that versions change, in nine files", _same_lines),
    Profile("new files", "added a package, a test, a decision, a script and a picture", _new_files),
    Profile("taken places", "added files where later versions add theirs", _taken_places),
    Profile("deleted", "deleted two tests, a decision, the picture and the pre-commit hooks", _deleted),
    Profile("renamed", "renamed a module with its imports and its test, and extended it", _renamed),
    Profile(
        "renamed differently",
        "renamed a module and a folder that versions rename as well, to other names",
        _renamed_differently,
    ),
    Profile("binary", "replaced the template's picture", _binary),
    Profile(
        "feature removed",
        "removed gRPC by hand, with all files and references; in `minimal`, the access log",
        _feature_removed,
    ),
    Profile("resource renamed", "renamed order to purchase, in all files and file names", _resource_renamed),
)


def _rename_module(project: Project, old: str, new: str, folder: str = ".") -> None:
    """Rename a module and its imports, and sort the imports."""
    move(project.package / folder / f"{old}.py", project.package / folder / f"{new}.py")
    importing = re.compile(rf"^(from (?:\.+|orders\.)(?:orders\.)?){old}(?= import )", re.MULTILINE)
    for folder in ("src", "tests"):
        for path in (project.folder / folder).rglob("*.py"):
            text = path.read_text("utf-8")
            path.write_text(importing.sub(rf"\g<1>{new}", text), "utf-8")
    ruff = [sys.executable, "-m", "ruff", "check", "--quiet", "--select", "I", "--fix", "."]
    subprocess.run(ruff, cwd=project.folder, check=True)


def _become(project: Project, answers: Mapping[str, str]) -> None:
    """Replace all files by those of other answers. The recorded answers do not change."""
    with TemporaryDirectory() as folder:
        other = Path(folder) / "orders"
        project.template.new(other, project.version, project.preset, answers)
        tracked = git(other, "ls-files", "-z").split("\0")
        for name in filter(None, git(project.folder, "ls-files", "-z").split("\0")):
            if name != ANSWERS:
                (project.folder / name).unlink()
        for name in filter(None, tracked):
            if name != ANSWERS:
                (project.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(other / name, project.folder / name)


def _substitute(path: Path, pattern: str, replacement: str) -> None:
    """Replace the only match of the pattern."""
    text, count = re.subn(pattern, replacement, path.read_text("utf-8"))
    if count != 1:
        raise LookupError(f"{path} contains {count} times, not once: {pattern!r}")
    path.write_text(text, "utf-8")
