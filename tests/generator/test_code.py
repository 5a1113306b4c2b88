"""How the generator is written."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
import shipsmith
import typer
from shipsmith.cli.app import COMMANDS

LONGEST = 36
"""Lines of a function, with its decorators and its docstring."""
GENERATOR = Path(shipsmith.__file__).parent


def functions(file: Path) -> Iterator[tuple[str, int]]:
    """The functions of a module, each with its length in lines."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min(each.lineno for each in (node, *node.decorator_list))
            yield node.name, (node.end_lineno or first) - first + 1


def test_no_function_is_long() -> None:
    found = {
        f"{file.relative_to(GENERATOR)}: {name}": lines
        for file in GENERATOR.rglob("*.py")
        for name, lines in functions(file)
    }
    assert len(found) > 100
    assert {name: lines for name, lines in found.items() if lines > LONGEST} == {}


@pytest.mark.parametrize("module", sorted({module for module, _ in COMMANDS.values()}))
def test_each_command_is_listed_with_the_module_that_has_it(module: str) -> None:
    app = import_module(f"shipsmith.cli.{module}").app
    commands = set(typer.main.get_group(app).commands)
    assert commands == {name for name, (listed, _) in COMMANDS.items() if listed == module}


def test_the_help_imports_no_command() -> None:
    """It lists them, and is there at once."""
    program = (
        "import sys\n"
        "from shipsmith.__main__ import main\n"
        "sys.argv = ['shipsmith', '--help']\n"
        "try:\n"
        "    main()\n"
        "except SystemExit:\n"
        "    print([name for name in sys.modules if name.startswith('shipsmith.')])\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(ast.literal_eval(result.stdout.splitlines()[-1]))
    assert loaded == {"shipsmith.__main__", "shipsmith.cli", "shipsmith.cli.app"} | {
        f"shipsmith.{name}" for name in ("errors", "terminal")
    }
